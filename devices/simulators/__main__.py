"""`python -m devices.simulators`: a ward of virtual devices for demos, tests and benchmarks.

Prints one JSON line about where everything is, then lets devices measure in turn, or with `--day`
lives a whole day of patients and says each act on a JSON line. Takes commands as JSON lines on
stdin: {"measure": name, "fault": fault}, {"unplug": name}, {"plug": name}, {"power": true|false}.
Each command is answered by one JSON line. Ends on SIGTERM, SIGINT or, unless `--detached`, at the
end of stdin.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from devices.simulators.day import Plan, live, write_day
from devices.simulators.faults import Fault, FaultSchedule
from devices.simulators.roster import Post, UnknownDeviceError, crew, fleet
from devices.simulators.ward import Ward

FIRST_GAP_S = 0.5
"""Between the first measurements, one of each device, soon after the start."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a ward until told to stop."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        options.posts = _posts(options)
    except UnknownDeviceError as error:
        parser.error(str(error))
    if options.speed <= 0:
        parser.error("a day passes forwards")
    with TemporaryDirectory(prefix="healthpost-ward-") as scratch:
        asyncio.run(_run(options, Path(options.dir or scratch).resolve()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulators", description=__doc__)
    parser.add_argument("--dir", type=Path, help="where the ttys appear (default: temporary)")
    parser.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="0: only when commanded"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0, metavar="RATE", help="0 to 1")
    parser.add_argument("--unpaired", action="store_true", help="devices need pairing first")
    parser.add_argument(
        "--devices", default="", metavar="NAME,NAME|all", help="who joins the default devices"
    )
    parser.add_argument(
        "--fleet", type=_fleet, metavar="ble=20,serial=6", help="so many, of each kind in turn"
    )
    parser.add_argument("--day", action="store_true", help="live a day instead of taking turns")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="of the day")
    parser.add_argument("--patients", type=int, default=Plan().patients, help="of the day")
    parser.add_argument("--hours", type=float, default=Plan().hours, help="of the day")
    parser.add_argument("--detached", action="store_true", help="take no commands from stdin")
    return parser


def _fleet(text: str) -> tuple[int, int]:
    """Read "ble=20,serial=6"; what is not named is none."""
    sizes = dict(part.split("=", 1) for part in text.split(","))
    if not set(sizes) <= {"ble", "serial"}:
        raise ValueError(text)
    return int(sizes.get("ble", 0)), int(sizes.get("serial", 0))


def _posts(options: argparse.Namespace) -> Sequence[Post]:
    posts = crew(options.devices)
    return fleet(posts, *options.fleet) if options.fleet else posts


async def _run(options: argparse.Namespace, directory: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    enrolled = not options.unpaired
    async with Ward(directory, options.seed, enrolled=enrolled, posts=options.posts) as ward:
        _print(_where(ward))
        routine = _live_the_day if options.day else _measure_in_turn
        work = [asyncio.create_task(routine(ward, options))]
        if not options.detached:
            work.append(asyncio.create_task(_run_commands(ward, stop)))
        await stop.wait()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


def _where(ward: Ward) -> dict[str, object]:
    return {
        "bus": ward.bus_address,
        "serial": {name: str(path) for name, path in ward.serial.items()},
        "devices": [asdict(card) for card in ward.cards()],
    }


async def _measure_in_turn(ward: Ward, options: argparse.Namespace) -> None:
    """Let every device measure once soon, then one after the other every few seconds."""
    if options.every <= 0:
        return
    schedule = FaultSchedule(options.faults, random.Random(options.seed))
    for name in ward.devices:
        ward.measure(name)
        await asyncio.sleep(min(FIRST_GAP_S, options.every))
    for name, device in cycle(ward.devices.items()):
        await asyncio.sleep(options.every)
        ward.measure(name, fault=schedule.draw(device.faults))


async def _live_the_day(ward: Ward, options: argparse.Namespace) -> None:
    plan = Plan(patients=options.patients, hours=options.hours)
    able = {name: device.faults for name, device in ward.devices.items()}
    acts = write_day(able, options.seed, plan)
    await live(ward, acts, options.seed, options.speed, _print)


async def _run_commands(ward: Ward, stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip():
            _print(_run_command(ward, line))
    stop.set()


def _run_command(ward: Ward, line: bytes) -> dict[str, object]:
    """Carry out one command; the answer says what was done or what is wrong with it."""
    try:
        command = json.loads(line)
        verb = next(iter({"measure", "plug", "unplug", "power"} & set(command)))
        _carry_out(ward, verb, command)
    except (ValueError, TypeError, StopIteration, UnknownDeviceError) as error:
        return {"ok": False, "error": str(error) or "not a command"}
    return {"ok": True, verb: command[verb]}


def _carry_out(ward: Ward, verb: str, command: dict[str, object]) -> None:
    subject = command[verb]
    if verb == "power":
        ward.bluez.set_powered(bool(subject))
    elif verb == "measure":
        fault = command.get("fault")
        ward.measure(str(subject), fault=Fault(str(fault)) if fault else None)
    elif verb == "plug":
        ward.plug(str(subject))
    else:
        ward.unplug(str(subject))


def _print(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
