"""`healthpost run`: the box's processes as supervised children, for a laptop or a demo.

On a Pi systemd does this, one unit a process.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from threading import Event

from edge.supervise import SLOWEST_RESTART_S, Child, restart_delay_s, supervise

__all__ = ["SLOWEST_RESTART_S", "Child", "box_children", "restart_delay_s", "run_box", "supervise"]

CONCERNS: Mapping[str, Sequence[str]] = {
    "station": ("-m", "devices.station"),
    "courier": ("-m", "sync.courier"),
    "kiosk": ("-m", "kiosk_ui"),
    "caretaker": ("-m", "edge.caretaker"),
}
"""One process a concern; the box's file is all they share."""


def box_children(environment: Mapping[str, str] | None = None) -> list[Child]:
    """Return the box's processes, not yet started."""
    environment = dict(os.environ if environment is None else environment)
    return [
        Child(name, (sys.executable, *arguments), environment)
        for name, arguments in CONCERNS.items()
    ]


def run_box() -> None:
    """Run the box in the foreground until SIGTERM or Ctrl-C."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    supervise(box_children(), stop)
