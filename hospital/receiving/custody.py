"""Custody of the boxes' streams: loads and stores the state of the protocol core.

The core (`sync.core.hospital`) decides; this module loads the state for it and stores the effects
in one transaction. Nothing here publishes: the caller sends the replies after its commit.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from edge.model.entry import GENESIS
from hospital.archive import Archive, row, scalar
from hospital.fleet import boxes, clones
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from sync.core import hospital
from sync.core.clones import BOOT, MACHINE, suspicion
from sync.core.header import Header
from sync.core.messages import QUARANTINED, STALE_SESSION, DownMessage, Hello, Position
from sync.courier.telemetry import Status

QUARANTINED_FRAMES = 200
"""So many refused frames are kept per box, the newest; all of them are counted."""

QUARANTINED_BYTES = 64 * 1024
HARMLESS = (STALE_SESSION,)
"""Refused in every day's work, when a box starts again; counted, but no evidence of anything."""

NEW_EPOCH = "new epoch"
"""The core's note about a fork, or about a box that came with an epoch of the past."""

NOBODY = ""
"""The name under which refusals of frames from unknown boxes are kept."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """A frame as it arrived: the lane of its topic, its sealed bytes, our clock in Unix ms."""

    lane: str
    frame: bytes
    received_ms: int


def load(archive: Archive, box: Box) -> hospital.HospitalBox:
    """Lock a box's row and return its committed state; inside the caller's transaction."""
    stored = row(archive, "SELECT * FROM box WHERE id = ?" + archive.for_update, (box.id,))
    if stored is None:
        raise LookupError(f"no box {box.id}")
    streams = archive.rows(
        "SELECT lane, cum, chain, safe, safe_chain FROM stream WHERE box = ? AND epoch = ?",
        (box.id, stored["epoch"]),
    )
    return hospital.HospitalBox(
        box_id=box.id,
        epoch=stored["epoch"],
        nonce=bytes(stored["nonce"]),
        standing=stored["standing"],
        generation=scalar(archive, "SELECT generation AS n FROM hospital"),
        streams={
            s["lane"]: Position(s["cum"], bytes(s["chain"]), s["safe"], bytes(s["safe_chain"]))
            for s in streams
        },
    )


def has_seen(archive: Archive, box_id: str, nonce: bytes) -> bool:
    """Whether a session of this nonce was ever opened: then a HELLO of it is a replay."""
    found = row(archive, "SELECT 1 AS n FROM session WHERE box = ? AND nonce = ?", (box_id, nonce))
    return found is not None


def carry_out(
    archive: Archive, box: Box, effects: Iterable[hospital.Effect], received: ReceivedFrame
) -> list[DownMessage]:
    """Store what the core decided, inside the caller's transaction; return what to reply."""
    replies: list[DownMessage] = []
    effects = list(effects)
    fork = any(isinstance(e, hospital.Note) and e.kind == NEW_EPOCH for e in effects)
    for effect in effects:
        match effect:
            case hospital.Admit():
                _admit(archive, box.id, effect, received.received_ms, fork)
            case hospital.Store():
                _store(archive, box, effect, received.received_ms)
            case hospital.KeepRaw():
                _keep_raw(archive, box.id, effect, received)
            case hospital.Refuse():
                refuse(archive, box.id, effect.reason, received, keep=effect.reason not in HARMLESS)
            case hospital.Note():
                _note(archive, box.id, effect, received.received_ms)
            case hospital.Reply():
                replies.append(effect.message)
            case _:
                assert_never(effect)
    return replies


def admit_by_hand(archive: Archive, box_id: str, effect: hospital.Admit, now_ms: int) -> None:
    """Store the session of a USB bundle, and the epoch that it may begin; the live one goes on."""
    archive.execute("UPDATE box SET epoch = ? WHERE id = ?", (effect.epoch, box_id))
    archive.execute(
        "INSERT INTO session (box, nonce, opened_ms, by_hand) VALUES (?, ?, ?, 1)"
        " ON CONFLICT DO NOTHING",
        (box_id, effect.nonce, now_ms),
    )


def note_contact(archive: Archive, box_id: str, now_ms: int) -> None:
    """Store when a genuine frame of this box last arrived."""
    archive.execute("UPDATE box SET heard_ms = ? WHERE id = ?", (now_ms, box_id))


def mark_session_used(archive: Archive, box_id: str, nonce: bytes) -> None:
    """Store that a box used its session after our answer to its HELLO."""
    archive.execute(
        "UPDATE session SET lived = 1 WHERE box = ? AND nonce = ? AND lived = 0", (box_id, nonce)
    )


def note_machine(archive: Archive, box_id: str, hello: Hello) -> None:
    """Store which machine and which boot of it a session says that it is of, if it does."""
    archive.execute(
        "UPDATE session SET machine = ?, boot = ? WHERE box = ? AND nonce = ?",
        (hello.about.get(MACHINE, ""), hello.about.get(BOOT, ""), box_id, hello.nonce),
    )


def guard_identity(archive: Archive, box: Box, now_ms: int) -> str | None:
    """Quarantine a box when two machines use its identity; return the reason, or None.

    Inside the transaction that admitted a session.
    """
    reason = suspicion(clones.lately(archive, box.id, now_ms))
    if reason is None:
        return None
    log.error("box %s is quarantined: %s", box.id, reason)
    why = (
        f"Two machines use the identity of this box ({reason}). Find both and decide which one"
        f" stays; make a claim with `healthpost hospital claim --readmits {box.id}` and enrol"
        " that one with `healthpost enrol --new-keys`. Both keep their records meanwhile."
    )
    boxes.set_standing(archive, box.id, QUARANTINED, why)
    return reason


def note_missing(archive: Archive, box_id: str, state: hospital.HospitalBox, hello: Hello) -> int:
    """Note records that a box has deleted although we lack them; return how many.

    That happens only when the archive came back from a backup older than one we had promised.
    """
    if hello.epoch != state.epoch:
        return 0
    lanes = hello.lanes.items()
    missing = sum(max(0, r.base - hospital.place(state, lane).cum) for lane, r in lanes)
    if missing:
        log.error("box %s has let go of %d records that are not here", box_id, missing)
        archive.execute("UPDATE box SET missing = ? WHERE id = ?", (missing, box_id))
    return missing


def store_hello(archive: Archive, box_id: str, hello: Hello) -> None:
    """Store what the HELLO of an admitted box reports: its last sequences, and about itself."""
    for lane, report in hello.lanes.items():
        _store_last(archive, box_id, hello.epoch, lane, report.last)
    about = json.dumps(dict(hello.about), sort_keys=True)
    archive.execute("UPDATE box SET about = ? WHERE id = ?", (about, box_id))


def status(archive: Archive, header: Header, status: Status, now_ms: int) -> None:
    """Store the status that a box reports, inside the caller's transaction.

    A summary that is older than the one held of the same session changes nothing.
    """
    box_id, session = header.box_id, header.nonce.hex()
    stored = row(archive, "SELECT status FROM box WHERE id = ?", (box_id,))
    last = json.loads(stored["status"] or "{}") if stored is not None else {}
    if last.get("session") == session and header.first_seq <= last["number"]:
        return
    summary = {
        "session": session,
        "number": header.first_seq,
        "oldest_ms": status.oldest_ms,
        "wrong": list(status.wrong),
        "version": status.version,
        "clock": status.clock,
        "free_mb": status.free_mb,
        "hours_left": status.hours_left,
    }
    text = json.dumps(summary, sort_keys=True)
    sql = "UPDATE box SET status = ?, status_ms = ?, heard_ms = ? WHERE id = ?"
    archive.execute(sql, (text, now_ms, now_ms, box_id))
    for lane, (last, _) in status.lanes.items():
        _store_last(archive, box_id, header.epoch, lane, last)


def keep_frame(
    archive: Archive, box_id: str, place: tuple[int, str, int, int], received: ReceivedFrame
) -> None:
    """Keep a genuine sealed frame of (epoch, lane, first sequence, rows) as evidence."""
    archive.execute(
        "INSERT INTO raw_frame (box, epoch, lane, first_seq, n, received_ms, frame)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (box_id, *place, received.received_ms, received.frame),
    )


def refuse(
    archive: Archive, box_id: str, reason: str, received: ReceivedFrame, *, keep: bool = True
) -> None:
    """Count a refused frame and keep its bytes, the newest few of each box, for inspection."""
    with archive.transaction():
        archive.execute(
            "INSERT INTO refusal (box, reason, times, last_ms) VALUES (?, ?, 1, ?)"
            " ON CONFLICT (box, reason) DO UPDATE SET times = refusal.times + 1,"
            " last_ms = excluded.last_ms",
            (box_id, reason, received.received_ms),
        )
        if keep:
            _quarantine(archive, box_id, reason, received)
    log.warning("refused a frame of box %s, lane %s: %s", box_id or "?", received.lane, reason)


def refusals(archive: Archive) -> dict[str, int]:
    """Return how many frames were refused, by reason."""
    sql = "SELECT reason, sum(times) AS n FROM refusal GROUP BY reason ORDER BY reason"
    return {r["reason"]: int(r["n"]) for r in archive.rows(sql)}


def backed_up(archive: Archive, box: Box, event: hospital.BackedUp) -> bool:
    """Store that a durable copy covers a lane, in the caller's transaction; return if it is new.

    The boxes learn it by their next receipt.
    """
    after, effects = hospital.step(load(archive, box), event)
    at = hospital.place(after, event.lane)
    if effects:
        archive.execute(
            "UPDATE stream SET safe = ?, safe_chain = ? WHERE box = ? AND epoch = ? AND lane = ?",
            (at.safe, at.safe_chain, box.id, after.epoch, event.lane),
        )
    return bool(effects)


def new_generation(archive: Archive) -> int:
    """Count a restore of the archive from a backup; the boxes learn it by their next WELCOME."""
    with archive.transaction():
        archive.execute("UPDATE hospital SET generation = generation + 1")
        archive.execute("UPDATE box SET missing = 0")
        return scalar(archive, "SELECT generation AS n FROM hospital")


def _quarantine(archive: Archive, box_id: str, reason: str, received: ReceivedFrame) -> None:
    archive.execute(
        "INSERT INTO quarantine (box, lane, reason, received_ms, size, frame)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (box_id, received.lane, reason, received.received_ms, len(received.frame))
        + (received.frame[:QUARANTINED_BYTES],),
    )
    archive.execute(
        "DELETE FROM quarantine WHERE box = ? AND number NOT IN (SELECT number FROM quarantine"
        " WHERE box = ? ORDER BY number DESC LIMIT ?)",
        (box_id, box_id, QUARANTINED_FRAMES),
    )


def _admit(archive: Archive, box_id: str, effect: hospital.Admit, now_ms: int, fork: bool) -> None:
    archive.execute(
        "UPDATE box SET epoch = ?, nonce = ? WHERE id = ?", (effect.epoch, effect.nonce, box_id)
    )
    archive.execute(
        "INSERT INTO session (box, nonce, opened_ms, fork) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (box_id, effect.nonce, now_ms, int(fork)),
    )


def _store(archive: Archive, box: Box, effect: hospital.Store, now_ms: int) -> None:
    place = effect.epoch, effect.lane, effect.first_seq
    apply.keep(archive, box, place, effect.records, now_ms)
    _move(archive, box.id, effect.epoch, effect.lane, effect.cum, effect.chain)


def _keep_raw(
    archive: Archive, box_id: str, effect: hospital.KeepRaw, received: ReceivedFrame
) -> None:
    archive.execute(
        "INSERT INTO raw_frame (box, epoch, lane, first_seq, n, received_ms, frame, unread)"
        " VALUES (?, ?, ?, ?, 1, ?, ?, 1)",
        (box_id, effect.epoch, effect.lane, effect.seq, received.received_ms, received.frame),
    )
    _move(archive, box_id, effect.epoch, effect.lane, effect.seq, effect.chain)
    log.error("box %s lane %s row %d is unreadable: kept", box_id, effect.lane, effect.seq)


def _note(archive: Archive, box_id: str, effect: hospital.Note, now_ms: int) -> None:
    log.warning("%s: %s", effect.kind, effect.text)
    if effect.kind == NEW_EPOCH:
        archive.execute(
            "UPDATE box SET forks = forks + 1, fork_ms = ? WHERE id = ?", (now_ms, box_id)
        )


def _move(archive: Archive, box_id: str, epoch: int, lane: str, cum: int, chain: bytes) -> None:
    archive.execute(
        "INSERT INTO stream (box, epoch, lane, cum, chain, safe_chain, told)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (box, epoch, lane) DO UPDATE SET"
        " cum = excluded.cum, chain = excluded.chain,"
        " told = CASE WHEN stream.told > excluded.cum THEN stream.told ELSE excluded.cum END",
        (box_id, epoch, lane, cum, chain, GENESIS, cum),
    )


def _store_last(archive: Archive, box_id: str, epoch: int, lane: str, last: int) -> None:
    archive.execute(
        "INSERT INTO stream (box, epoch, lane, chain, safe_chain, told) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (box, epoch, lane) DO UPDATE SET told = excluded.told",
        (box_id, epoch, lane, GENESIS, GENESIS, last),
    )
