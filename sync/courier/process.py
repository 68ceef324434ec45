"""`python -m sync.courier`: runs the courier of the box in HEALTHPOST_HOME until told to stop.

It begins again when settings, keys or what the hospital sets have changed, and after a failure.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep

from edge.model.errors import EdgeError
from edge.process.start import run_box_process
from edge.settings import remote_settings
from edge.settings.box_settings import Settings
from edge.store import issues
from edge.store.losses import open_store
from edge.store.store import Store
from sync.courier.courier import Courier
from sync.keys import membership
from sync.keys.keys import SIGN_FILE, KeyFileError
from sync.keys.membership import Membership

RECHECK_S = 3.0
AFTER_ERROR_S = 5.0
LONGEST_WAIT_S = 30.0
LOOK_EVERY_S = 0.25

log = logging.getLogger(__name__)


def serve(home: Path, stopping: Callable[[], bool]) -> None:
    """Run the courier until `stopping()`, or until settings or keys change (then call again)."""
    settings = Settings.load(home)
    file_times = _file_times(settings)
    store = open_store(settings.database, settings.box_id)
    try:
        member = _member(store, settings)
        if member is None:
            _wait(lambda: stopping() or _file_times(settings) != file_times)
            return
        present = remote_settings.effective(settings, store)
        courier = Courier(store, member, present)

        def changed() -> bool:
            now = remote_settings.effective(settings, store)
            return (_file_times(settings), now) != (file_times, present)

        _run(courier, store, stopping, changed)
    finally:
        store.close()


def main() -> int:
    """Serve the box of HEALTHPOST_HOME until SIGTERM; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: signals.append(signum))
    return run_box_process("courier", lambda settings: _serve_on(settings.home, signals))


def _serve_on(home: Path, signals: list[int]) -> None:
    failures, said = 0, ""
    while not signals:
        try:
            serve(home, lambda: bool(signals))
            failures, said = 0, ""
        except EdgeError as error:  # what a person must mend is said once, not every time
            if str(error) != said:
                log.error("nothing is sent: %s", error)
            failures, said = failures + 1, str(error)
            _wait(lambda: bool(signals), min(AFTER_ERROR_S * failures, LONGEST_WAIT_S))
        except Exception:  # the loop of the process: whatever it was, records are safe on disk
            log.exception("the courier starts again")
            _wait(lambda: bool(signals), AFTER_ERROR_S)


def _member(store: Store, settings: Settings) -> Membership | None:
    now = store.clock().now()
    try:
        member = membership.load(settings)
    except (KeyFileError, OSError) as error:
        log.error("%s", error)
        issues.clear(store, "not-enrolled")  # one thing is wrong, not two that contradict
        issues.clear(store, "link-refused")
        issues.note(store, now, "keys-unusable")
        return None
    issues.clear(store, "keys-unusable")
    if member is None:
        issues.note(store, now, "not-enrolled")
    else:
        issues.clear(store, "not-enrolled")
    return member


def _run(
    courier: Courier, store: Store, stopping: Callable[[], bool], changed: Callable[[], bool]
) -> None:
    clock = store.clock()
    recheck_ms = int(RECHECK_S * 1000)
    checked = clock.now().t_ms
    courier.start()
    try:
        while not stopping():
            courier.turn()
            if clock.now().t_ms - checked >= recheck_ms:
                checked = clock.now().t_ms
                if changed():
                    return
    finally:
        courier.close()


def _file_times(settings: Settings) -> tuple[int, ...]:
    names = (membership.CERTIFICATE_FILE, membership.HOSPITAL_FILE, membership.CA_FILE, SIGN_FILE)
    files = [settings.file, *(settings.keys / name for name in names)]
    return tuple(f.stat().st_mtime_ns if f.exists() else 0 for f in files)


def _wait(done: Callable[[], bool], limit_s: float | None = None) -> None:
    waited = 0.0
    while not done() and (limit_s is None or waited < limit_s):
        sleep(LOOK_EVERY_S)
        waited += LOOK_EVERY_S


if __name__ == "__main__":
    sys.exit(main())
