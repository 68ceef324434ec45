"""Read again, on request, the sealed rows that could not be read when they arrived."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from hospital.archive import Archive, Row
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from sync.frames import framing
from sync.frames.envelope import EnvelopeError, open_up
from sync.keys.keys import HospitalKeys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryResult:
    """How many rows could be read by now, and how many still cannot."""

    read: int
    left: int


def try_again(archive: Archive, keys: HospitalKeys) -> RetryResult:
    """Read what newer software, or a key that was missing, can read by now."""
    done = 0
    waiting = archive.rows("SELECT * FROM raw_frame WHERE unread = 1 ORDER BY number")
    for stored in waiting:
        box = boxes.get(archive, stored["box"])
        if box is not None and _read(archive, keys, box, stored):
            done += 1
    return RetryResult(done, len(waiting) - done)


def _read(archive: Archive, keys: HospitalKeys, box: Box, stored: Row) -> bool:
    try:
        header, payload = open_up(bytes(stored["frame"]), keys, box.keys)
        rows = framing.disclose(header, payload)
        if rows is None:
            return False
        with archive.transaction():
            place = stored["epoch"], stored["lane"], stored["first_seq"]
            apply.keep(archive, box, place, rows, stored["received_ms"])
            archive.execute("UPDATE raw_frame SET unread = 0 WHERE number = ?", (stored["number"],))
    except EnvelopeError as error:
        log.warning("box %s: still sealed: %s", box.id, error)
        return False
    except Exception:  # what was kept because our code failed on it may make it fail again
        log.exception("box %s: still unreadable", box.id)
        return False
    return True
