"""Back up the archive, and mark as safe the records that boxes may then delete.

`safe` is the promise that a record survives the loss of the hospital's machine. It moves for one
reason only: a complete copy was written, flushed, read back and found whole, on another disk than
the archive's own. Which machine that disk is in, only its owner knows; so whoever names the place
makes the promise. What has never been copied is never safe, and no box prunes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.store import durable
from hospital.archive import STREAMS, Archive, Row, disks, row, scalar
from hospital.archive.errors import HospitalError, NotFound, WrongInput
from hospital.fleet import boxes
from hospital.receiving import custody
from sync.core.hospital import BackedUp


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy: its file and size, its number of records, whether boxes rely on it."""

    file: Path
    size: int
    records: int
    promised: bool


@dataclass(frozen=True, slots=True)
class PromisedCopy:
    """The newest copy that was promised to boxes."""

    number: int
    made_ms: int
    place: str


def back_up(archive: Archive, to: Path, now_ms: int, *, trusted: bool = False) -> Copy:
    """Copy the archive to a new file; raises `HospitalError` when it is not whole afterwards.

    A copy on the archive's own disk, or on one of which nobody can say that it is another, is made
    but promises nothing. `trusted`: the caller vouches for the place.
    """
    if to.exists():
        raise WrongInput(f"{to} exists already; every backup is a file of its own")
    if not to.parent.is_dir():
        raise WrongInput(f"there is no folder {to.parent}")
    draft = to.with_name(f"{to.name}.part")
    draft.unlink(missing_ok=True)
    try:
        covered = archive.copy_to(draft)
        durable.publish(draft, to)
    except OSError as error:
        raise HospitalError(f"{to} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    promised = trusted or _is_apart(archive, to)
    records = sum(r["cum"] for r in covered)
    if promised:
        promise(archive, covered, PromisedCopy(0, now_ms, str(to)), to.stat().st_size)
    return Copy(to, to.stat().st_size, records, promised)


def _is_apart(archive: Archive, copy: Path) -> bool:
    """Whether a copy stands on no disk of the archive; not when nobody can tell."""
    folders = archive.folders()
    if folders is None:
        return False
    try:
        there = disks.disk_of(copy)
        return all(disks.is_apart(there, disks.disk_of(folder)) for folder in folders)
    except OSError:
        return False


def begin(archive: Archive, now_ms: int) -> int:
    """Note what is held now, before a backup by other means begins; return its number.

    A base backup of PostgreSQL holds everything that was committed before it began.
    """
    with archive.transaction():
        covered = [
            [r["box"], r["epoch"], r["lane"], r["cum"], bytes(r["chain"]).hex()]
            for r in archive.rows(STREAMS)
        ]
        number = scalar(archive, "SELECT max(number) AS n FROM backup_begun") + 1
        archive.execute(
            "INSERT INTO backup_begun (number, begun_ms, covered) VALUES (?, ?, ?)",
            (number, now_ms, json.dumps(covered)),
        )
    return number


def finish(archive: Archive, number: int, place: str, now_ms: int) -> int:
    """A backup that was begun is complete at a place elsewhere; return how many records are safe.

    Raises `HospitalError` when none of this number was begun here, or it is finished already.
    """
    with archive.transaction():
        begun = row(archive, "SELECT covered FROM backup_begun WHERE number = ?", (number,))
        if begun is None:
            raise NotFound(f"no backup {number} was begun, or it is finished already")
        names = ("box", "epoch", "lane", "cum", "chain")
        covered = [dict(zip(names, values, strict=True)) for values in json.loads(begun["covered"])]
        for stream in covered:
            stream["chain"] = bytes.fromhex(stream["chain"])
        records = promise(archive, covered, PromisedCopy(0, now_ms, place), 0)
        archive.execute("DELETE FROM backup_begun WHERE number <= ?", (number,))
    return records


def promise(archive: Archive, covered: Iterable[Row], copy: PromisedCopy, size: int) -> int:
    """Let `safe` follow a verified copy; return how many records are safe by it.

    Streams of past epochs are left: their boxes have renumbered what they hold.
    """
    records = 0
    with archive.transaction():
        for r in covered:
            box = boxes.get(archive, r["box"])
            if box is not None and box.epoch == r["epoch"]:
                event = BackedUp(r["lane"], r["cum"], bytes(r["chain"]))
                records += r["cum"] if custody.backed_up(archive, box, event) else 0
        archive.execute(
            "INSERT INTO backup (made_ms, place, size, records) VALUES (?, ?, ?, ?)",
            (copy.made_ms, copy.place, size, records),
        )
    return records


def count(archive: Archive) -> int:
    """Return a number that moves when a copy was promised."""
    return scalar(archive, "SELECT max(number) AS n FROM backup")
