"""`python -m hospital.serve`: broker, receive worker and desk as supervised children.

Each may be killed at any moment: it is started again, the others go on, and nothing is lost that
a receipt was given for. When a box is revoked the broker is started anew, because a revocation
list alone does not end the sessions that are open.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from edge.process.home_lock import ASIDE_S
from edge.process.supervise import Child, Stop, restart_delay_s, supervise
from hospital.archive.errors import ArchiveDown
from hospital.archive.open import open_archive
from hospital.archive.process import run_hospital_process
from hospital.archive.settings import HospitalSettings, settings_file
from hospital.broker import broker
from hospital.fleet.authority import Authority

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BrokerChild(Child):
    """The broker; it is started anew whenever the revocation list has changed."""

    list_file: Path = Path()
    list_read_ns: int = 0

    def tend(self, now: float) -> None:
        """Start it when it is not running or goes by an old list."""
        changed_ns = self.list_file.stat().st_mtime_ns
        if self.process is not None and changed_ns != self.list_read_ns:
            log.info("the revocation list has changed: the broker starts anew")
            self.stop()
            self.process = None
        if self.process is None:
            self.list_read_ns = changed_ns
        Child.tend(self, now)


def children(settings: HospitalSettings, environment: Mapping[str, str]) -> list[Child]:
    """Prepare the hospital's processes, not yet started; raises `HospitalError`."""
    authority, now = Authority.open(settings.authority), datetime.now(UTC)
    broker.certify_worker(settings, authority, now)
    environment = {**environment, "HEALTHPOST_HOSPITAL_HOME": str(settings.home)}
    made: list[Child] = []
    if settings.broker != "external":
        prepared = broker.prepare(settings, authority, now)
        made.append(
            BrokerChild("broker", prepared.command, environment, list_file=authority.crl_file)
        )
    for name, module in (
        ("receive", "hospital.receiving.worker"),
        ("desk", "hospital.desk.server"),
    ):
        file = settings_file(settings.home)
        made.append(Child(name, (sys.executable, "-m", module), environment, settings=file))
    return made


def run(settings: HospitalSettings, stop: Event) -> None:
    """Run the hospital until `stop` is set; raises `HospitalError` when it cannot start."""
    _wait_for_archive(settings, stop)
    if stop.is_set():
        return
    for sentence in broker.limits(settings):
        log.warning("%s", sentence)
    processes = children(settings, os.environ)
    print(f"Hospital desk: {settings.desk_url}", file=sys.stderr, flush=True)
    supervise(processes, stop)


def _wait_for_archive(settings: HospitalSettings, stop: Event) -> None:
    """Have the archive migrated before anything listens, and say once that it does not answer."""
    failures = 0
    while not stop.is_set():
        try:
            open_archive(settings).close()
            return
        except ArchiveDown as error:
            failures += 1
            if failures == 1:
                log.error("%s; waiting until it answers", error)
        stop.wait(restart_delay_s(failures + 1))


def main() -> int:
    """Serve the hospital in HEALTHPOST_HOSPITAL_HOME until SIGTERM or Ctrl-C; return the code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop = Stop()

    def ask_to_stop(*_: Any) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    return run_hospital_process("hospital", lambda settings: run(settings, stop), ASIDE_S)


if __name__ == "__main__":
    sys.exit(main())
