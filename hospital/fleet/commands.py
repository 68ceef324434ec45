"""Signed commands for boxes: each is sent until the box's journal answers it, oldest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from uuid_utils import uuid7

from edge.model.command import Command
from edge.model.entry import canonical_json
from hospital.archive import Archive, Row, scalar
from hospital.archive.errors import NotFound
from hospital.archive.outgoing import OutgoingFrame
from hospital.fleet import boxes
from sync.core.command import CHANNEL, encode_command
from sync.core.header import DownHeader
from sync.frames.envelope import seal_down
from sync.keys.keys import HospitalKeys

SENT_AT_ONCE = 50
AGAIN_MS = 60_000
HEARD_MS = 15 * 60_000
"""A command is sent to boxes that were heard so lately; others get it when they greet."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A command and its outcome; times are Unix milliseconds, None: not yet."""

    box: str
    command: Command
    account: str
    made_ms: int
    answered_ms: int | None
    outcome: str | None


def create(
    archive: Archive,
    box_id: str,
    kind: str,
    body: Mapping[str, object],
    account: str,
    now_ms: int,
) -> Command:
    """Create a command for a box; raises `HospitalError` when there is no such box.

    The counter follows the clock, so that it also grows when the archive is put back to a backup.
    """
    with archive.transaction():
        if boxes.get(archive, box_id) is None:
            raise NotFound(f"no box {box_id}")
        archive.rows("SELECT id FROM box WHERE id = ?" + archive.for_update, (box_id,))
        last = scalar(archive, "SELECT max(counter) AS n FROM command WHERE box = ?", (box_id,))
        command = Command(str(uuid7()), max(last + 1, now_ms), kind, dict(body))
        archive.execute(
            "INSERT INTO command (id, box, counter, kind, body, account, made_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (command.id, box_id, command.counter, kind)
            + (canonical_json(command.body).decode("utf-8"), account, now_ms),
        )
    return command


def due(archive: Archive, keys: HospitalKeys, now_ms: int) -> list[OutgoingFrame]:
    """Return what to send now: to each box of recent contact its oldest open command."""
    rows = archive.rows(
        "SELECT c.* FROM command c JOIN box b ON b.id = c.box AND b.heard_ms >= ?"
        " AND b.standing = ? WHERE c.answered_ms IS NULL AND c.sent_ms < ?"
        " AND NOT EXISTS (SELECT 1 FROM command o WHERE o.box = c.box"
        " AND o.answered_ms IS NULL AND o.counter < c.counter)"
        " ORDER BY c.sent_ms LIMIT ?",
        (now_ms - HEARD_MS, boxes.ACTIVE, now_ms - AGAIN_MS, SENT_AT_ONCE),
    )
    sealed = [_seal(archive, keys, r) for r in rows]
    with archive.transaction():
        for r in rows:
            archive.execute("UPDATE command SET sent_ms = ? WHERE id = ?", (now_ms, r["id"]))
    return [frame for frame in sealed if frame is not None]


def unanswered(archive: Archive, keys: HospitalKeys, box_id: str) -> list[OutgoingFrame]:
    """Return all open commands of a box, oldest first, as a stick brings them."""
    sql = "SELECT * FROM command WHERE box = ? AND answered_ms IS NULL ORDER BY counter"
    sealed = [_seal(archive, keys, r) for r in archive.rows(sql, (box_id,))]
    return [frame for frame in sealed if frame is not None]


def acknowledge(archive: Archive, box_id: str, command_id: str, outcome: str, now_ms: int) -> None:
    """Store a box's answer, inside the caller's transaction; a repeat changes nothing."""
    archive.execute(
        "UPDATE command SET answered_ms = ?, outcome = ?"
        " WHERE id = ? AND box = ? AND answered_ms IS NULL",
        (now_ms, outcome, command_id, box_id),
    )


def of_box(archive: Archive, box_id: str) -> list[Directive]:
    """Return a box's commands, oldest first."""
    rows = archive.rows("SELECT * FROM command WHERE box = ? ORDER BY counter", (box_id,))
    return [
        Directive(r["box"], _command(r), r["account"], r["made_ms"], r["answered_ms"], r["outcome"])
        for r in rows
    ]


def _seal(archive: Archive, keys: HospitalKeys, r: Row) -> OutgoingFrame | None:
    box = boxes.get(archive, r["box"])
    if box is None:
        return None
    frame = seal_down(DownHeader(box.id, CHANNEL), encode_command(_command(r)), keys, box.keys)
    return OutgoingFrame(box.id, CHANNEL, frame)


def _command(r: Row) -> Command:
    return Command(r["id"], r["counter"], r["kind"], json.loads(r["body"]))
