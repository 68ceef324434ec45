"""The boxes of a hospital: their clinic, their keys, and whether they are admitted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from hospital.archive import Archive, Row, row
from hospital.archive.errors import NotFound
from sync.core.messages import NONCE_BYTES, QUARANTINED, REPLACED, REVOKED
from sync.keys.keys import PublicKeys

ACTIVE = "active"
STANDINGS = (ACTIVE, REVOKED, QUARANTINED, REPLACED)


@dataclass(frozen=True, slots=True)
class Box:
    """One enrolled box. `serial` is its certificate's; times are Unix milliseconds of our clock.

    `about` is what the box last told of itself; `forks` counts new epochs that we had to open.
    `why` says in plain words why it is not active and what to do. `missing` records were let go of
    by the box, on the word of a backup that is newer than the one this archive came from.
    """

    id: str
    clinic: str
    keys: PublicKeys
    serial: str
    enrolled_ms: int
    standing: str = ACTIVE
    epoch: int = 0
    heard_ms: int | None = None
    forks: int = 0
    why: str = ""
    missing: int = 0
    about: Mapping[str, str] = field(default_factory=dict)


def enter(archive: Archive, box: Box) -> None:
    """Enter an enrolled box, or its new clinic and certificate; inside the caller's transaction."""
    archive.execute(
        "INSERT INTO box (id, clinic, sign_key, decrypt_key, serial, standing, nonce, enrolled_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " clinic = excluded.clinic, serial = excluded.serial, enrolled_ms = excluded.enrolled_ms",
        (box.id, box.clinic, box.keys.sign, box.keys.decrypt, box.serial, box.standing)
        + (bytes(NONCE_BYTES), box.enrolled_ms),
    )


def get(archive: Archive, box_id: str) -> Box | None:
    """Return a box, or None."""
    found = row(archive, "SELECT * FROM box WHERE id = ?", (box_id,))
    return None if found is None else _box(found)


def every(archive: Archive) -> list[Box]:
    """Return all boxes, by clinic."""
    return [_box(r) for r in archive.rows("SELECT * FROM box ORDER BY clinic, id")]


def heard_since(archive: Archive, since_ms: int, limit: int) -> list[Box]:
    """Return active boxes with a contact since a moment, the latest first."""
    rows = archive.rows(
        "SELECT * FROM box WHERE heard_ms >= ? AND standing = ? ORDER BY heard_ms DESC LIMIT ?",
        (since_ms, ACTIVE, limit),
    )
    return [_box(r) for r in rows]


def readmit(archive: Archive, box: Box) -> None:
    """Let a box in again under new keys; inside the caller's transaction. Its epoch stays."""
    archive.execute(
        "UPDATE box SET standing = ?, why = '', sign_key = ?, decrypt_key = ?, serial = ?,"
        " clinic = ? WHERE id = ?",
        (ACTIVE, box.keys.sign, box.keys.decrypt, box.serial, box.clinic, box.id),
    )
    archive.execute("DELETE FROM box_key WHERE box = ?", (box.id,))
    # What made us suspicious was said under the old keys; as nonces they still count as seen.
    archive.execute("UPDATE session SET by_hand = 1 WHERE box = ?", (box.id,))


def count_arrival(archive: Archive, box_id: str) -> None:
    """Count that records of a box came, inside the caller's transaction: the desk's pages refresh.

    To be called before they are stored: who stores records of a box first locks its row.
    """
    archive.execute("UPDATE box SET arrivals = arrivals + 1 WHERE id = ?", (box_id,))


def set_standing(archive: Archive, box_id: str, standing: str, why: str = "") -> Box:
    """Change how a box stands, and why; raises `HospitalError` when there is no such box."""
    if standing not in STANDINGS:
        raise ValueError(f"no standing {standing!r}")
    with archive.transaction():
        sql = "UPDATE box SET standing = ?, why = ? WHERE id = ?"
        archive.execute(sql, (standing, why, box_id))
        box = get(archive, box_id)
    if box is None:
        raise NotFound(f"no box {box_id}")
    return box


def _box(r: Row) -> Box:
    return Box(
        id=r["id"],
        clinic=r["clinic"],
        keys=PublicKeys(bytes(r["sign_key"]), bytes(r["decrypt_key"])),
        serial=r["serial"],
        enrolled_ms=r["enrolled_ms"],
        standing=r["standing"],
        epoch=r["epoch"],
        heard_ms=r["heard_ms"],
        forks=r["forks"],
        why=r["why"],
        missing=r["missing"],
        about=json.loads(r["about"]) if r["about"] else {},
    )
