"""`healthpost run`: the box's processes, forked off a supervisor that has loaded what they share.

Each also runs alone, under whatever starts it: `python -m devices.station` and so on.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping

from edge.model.errors import StoreError
from edge.process.fork import ForkedChild, preload
from edge.process.home import close_to_others
from edge.process.home_lock import ASIDE_S
from edge.process.start import held
from edge.process.supervise import SLOWEST_RESTART_S, Child, Stop, restart_delay_s, supervise
from edge.settings.box_settings import Settings
from edge.store.losses import open_store
from provisioning.output import box_home

__all__ = ["SLOWEST_RESTART_S", "Child", "box_children", "restart_delay_s", "run_box", "supervise"]

log = logging.getLogger(__name__)

CONCERNS: Mapping[str, str] = {
    "station": "devices.station",
    "courier": "sync.courier.process",
    "kiosk": "kiosk_ui.__main__",
    "caretaker": "edge.process.caretaker",
}
"""One process a concern; the box's file is all they share."""


SHARED = (
    *("asyncio", "ctypes", "decimal", "email.message", "http.client"),
    *("importlib.metadata", "logging", "sqlite3", "ssl", "tomllib", "uuid", "uuid_utils"),
    *(
        "edge.store.clock_anchors",
        "edge.store.issues",
        "edge.store.link_windows",
        "edge.feed.replica",
        "edge.readings.intake",
    ),
    *(
        "edge.store.ledger",
        "edge.store.outbox",
        "edge.equipment.registry",
        "edge.equipment.device_requests",
        "edge.settings.box_settings",
    ),
    *("edge.store.store", "edge.visits.visits", "edge.equipment.serial_bindings"),
)
"""What two concerns or more load: only that is loaded before the fork. A running program writes to
its own code (counters, caches), and what one concern alone uses would lie in memory twice: as the
supervisor loaded it, and as the child changed it."""


def box_children(environment: Mapping[str, str] | None = None) -> list[Child]:
    """Return the box's processes as programs of their own, not yet started."""
    environment = dict(os.environ if environment is None else environment)
    return [
        Child(name, (sys.executable, "-m", module), environment)
        for name, module in CONCERNS.items()
    ]


def run_box() -> None:
    """Run the box in the foreground until SIGTERM or Ctrl-C.

    Raises `EdgeError` when it cannot work here: before any process is started, and in one sentence.
    """
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = Settings.load(box_home())
    lock = held(settings.home, "box", ASIDE_S)
    try:
        close_to_others(settings.home)
        _migrate(settings)
        preload(SHARED)
        supervise(_forked_children(settings), stop)
    finally:
        lock.release()


def _migrate(settings: Settings) -> None:
    """Bring the file up to date once for all, or say once why it cannot be used."""
    try:
        open_store(settings.database, settings.box_id).close()
    except StoreError as error:
        log.error("%s", error)  # the kiosk must run: each of its pages says so


def _forked_children(settings: Settings) -> list[ForkedChild]:
    environment = dict(os.environ)
    return [
        ForkedChild(
            name,
            (sys.executable, "-m", module),
            environment,
            settings=settings.file,
            module=module,
        )
        for name, module in CONCERNS.items()
    ]
