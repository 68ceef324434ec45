"""`scripts/dev`: run a seeded clinic and hospital, restart what was changed, serve the panel."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence

from edge.process.supervise import Stop
from provisioning.demo import Ports, RunningDemo, free_port
from provisioning.errors import CommandFailed
from workshop.panel import DOCTORS, STAFF, Bench, served
from workshop.processes import seeded
from workshop.reload import Reloader

LOOK_EVERY_S = 0.5
KIOSK, DESK, BROKER, PANEL = 8610, 8710, 8893, 8800
"""Other ports than those of `scripts/demo`, so that both may run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; return 1 when a part does not start."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    ports = Ports() if options.free_ports else Ports(KIOSK, DESK, BROKER)
    try:
        _run(options, ports, stop)
    except CommandFailed as error:
        print(f"dev: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/dev", description=__doc__)
    parser.add_argument(
        "--every",
        type=float,
        default=0,
        metavar="SECONDS",
        help="let a device measure by itself every so often (default: only by a button)",
    )
    parser.add_argument(
        "--free-ports", action="store_true", help="take any free ports, not the usual ones"
    )
    parser.add_argument("--json", action="store_true", help="print the addresses as JSON")
    return parser


def _run(options: argparse.Namespace, ports: Ports, stop: Stop) -> None:
    panel_port = 0 if options.free_ports else free_port(PANEL)
    with seeded(options.every, ports) as demo, served(Bench(demo), panel_port) as panel_url:
        reloader = Reloader(demo.children)
        _say(demo, panel_url, options.json)
        while not stop.wait(LOOK_EVERY_S):
            reloader.look()


def _say(demo: RunningDemo, panel_url: str, as_json: bool) -> None:
    if as_json:
        addresses = {"kiosk": demo.kiosk_url, "desk": demo.desk_url, "panel": panel_url}
        print(json.dumps(addresses), flush=True)
        return
    print(
        f"\n  Clinic kiosk   {demo.kiosk_url}   {STAFF}"
        f"\n  Hospital desk  {demo.desk_url}   {DOCTORS}"
        f"\n  Devices        {panel_url}\n"
        "\n  What you save is reloaded; a change of devices/simulators needs a new start."
        "\n  Ctrl-C ends it and leaves nothing behind.",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
