"""Renewal of certificates and of the hospital's key, sent to boxes by signed commands."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from hospital.archive import Archive, row
from hospital.fleet import boxes, commands
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from sync.box.key_commands import CERTIFICATE, NEW_KEY
from sync.keys.keys import HospitalKeys, kid, rotate

BY = "hospital"
"""In whose name these commands are given: nobody at the desk asked for them."""

log = logging.getLogger(__name__)


def grant(archive: Archive, authority: Authority, box: Box, request: bytes, now_ms: int) -> bool:
    """Sign a box's request and command it to use the certificate; return whether it was done.

    Inside the caller's transaction. While an earlier one is on its way, nothing happens. The old
    certificate goes on until it ends; to shut the box out revokes both. Raises `AuthorityError`.
    """
    waiting = row(
        archive,
        "SELECT id FROM command WHERE box = ? AND kind = ? AND answered_ms IS NULL",
        (box.id, CERTIFICATE),
    )
    if waiting is not None:
        return False
    signed = authority.sign_box(request, box.id, datetime.fromtimestamp(now_ms / 1000, UTC))
    latest = box.serial.split(",")[0]
    serials = f"{signed.serial},{latest}"
    archive.execute("UPDATE box SET serial = ? WHERE id = ?", (serials, box.id))
    commands.create(archive, box.id, CERTIFICATE, {"pem": signed.pem.decode("ascii")}, BY, now_ms)
    log.info("box %s gets a new certificate, until %s", box.id, signed.not_after.date())
    return True


def change_key(archive: Archive, folder: Path, now_ms: int) -> int:
    """Make a new key for sealing and send it to every active box; return to how many.

    For 90 days the old key opens what is sealed to it. Raises `KeyFileError`.
    """
    keys = rotate(folder, now_ms // 1000)
    active = [box for box in boxes.every(archive) if box.standing == boxes.ACTIVE]
    for box in active:
        announce(archive, keys, box, now_ms)
    return len(active)


def catch_up(archive: Archive, keys: HospitalKeys, box: Box, name: bytes, now_ms: int) -> None:
    """Send the present key, once, to a box that seals to a past one (given by its id).

    So a box receives it also when it joined, or its card fell back, around a change of the key.
    """
    if name == kid(keys.public.decrypt):
        return
    sql = "SELECT body FROM command WHERE box = ? AND kind = ? AND answered_ms IS NULL"
    underway = archive.rows(sql, (box.id, NEW_KEY))
    if not any(keys.public.decrypt.hex() in r["body"] for r in underway):
        announce(archive, keys, box, now_ms)


def announce(archive: Archive, keys: HospitalKeys, box: Box, now_ms: int) -> None:
    """Command a box to seal to the current key."""
    body = {"decrypt": keys.public.decrypt.hex()}
    commands.create(archive, box.id, NEW_KEY, body, BY, now_ms)
