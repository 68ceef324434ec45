"""Answer boxes that ask for their clinic's feed, and push changes to those that wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hospital.archive import Archive, Row
from hospital.archive.outgoing import OutgoingFrame
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import custody
from sync import packing
from sync.core import feed as core
from sync.core.feed_messages import Ask, Batch, FeedMessage, Reflects, parts_of
from sync.core.header import DownHeader
from sync.core.hospital import HospitalBox
from sync.frames.envelope import seal_down
from sync.keys.keys import HospitalKeys

CHANNEL = "f"
PUSHED_AT_ONCE = 50
PUSH_AGAIN_MS = 30_000
PUSHES = 6
"""So often the same news is pushed; a box that was away asks by itself when it is back."""


def answer(
    archive: Archive, keys: HospitalKeys, box: Box, state: HospitalBox, ask: Ask, now_ms: int
) -> list[OutgoingFrame]:
    """Return what to send a box that asks in its current session; inside the transaction that
    has locked its row."""
    source = feed.lock(archive, box.clinic)
    message = core.answer(ask, source, _reflects(state), _weigh)
    _remember(archive, box, state, ask, now_ms)
    return [] if message is None else [_seal(keys, box, state.nonce, message)]


def by_hand(
    archive: Archive, keys: HospitalKeys, box: Box, state: HospitalBox, ask: Ask
) -> Iterator[OutgoingFrame]:
    """Yield everything that a box lacks that asked once, as its further asks would bring it.

    `state` bears the session of the stick. Nobody is remembered as a reader: a stick is not there.
    """
    following: Ask | None = ask
    while following is not None:
        with archive.transaction():
            source = feed.lock(archive, box.clinic)
            message = core.answer(following, source, _reflects(state), _weigh)
        if message is None:
            return
        yield _seal(keys, box, state.nonce, message)
        following = core.after(following, message)


def news(archive: Archive, keys: HospitalKeys, now_ms: int) -> list[OutgoingFrame]:
    """Return new changes for boxes that wait, again after a pause when they stay silent."""
    rows = archive.rows(
        "SELECT r.box FROM feed_reader r JOIN feed_head h ON h.clinic = r.clinic"
        " JOIN box b ON b.id = r.box AND b.nonce = r.nonce AND b.standing = ?"
        " WHERE r.rest = 1 AND r.ver < h.ver AND (r.pushed < h.ver OR"
        " (r.pushes < ? AND r.pushed_ms < ?)) ORDER BY r.pushed_ms LIMIT ?",
        (boxes.ACTIVE, PUSHES, now_ms - PUSH_AGAIN_MS, PUSHED_AT_ONCE),
    )
    found = [_push(archive, keys, r["box"], now_ms) for r in rows]
    return [sealed for sealed in found if sealed is not None]


def _push(archive: Archive, keys: HospitalKeys, box_id: str, now_ms: int) -> OutgoingFrame | None:
    box = boxes.get(archive, box_id)
    if box is None:
        return None
    with archive.transaction():
        state = custody.load(archive, box)
        [reader] = archive.rows("SELECT * FROM feed_reader WHERE box = ?", (box_id,))
        source = feed.lock(archive, box.clinic)
        if not _still_rests(reader, state, source.now):
            return None
        ask = Ask(reader["epoch"], reader["ver"])
        message = core.answer(ask, source, _reflects(state), _weigh)
        if not isinstance(message, Batch):
            return None  # it needs a snapshot: for that it asks
        archive.execute(
            "UPDATE feed_reader SET pushes = CASE WHEN pushed = ? THEN pushes + 1 ELSE 1 END,"
            " pushed = ?, pushed_ms = ? WHERE box = ?",
            (source.now.ver, source.now.ver, now_ms, box_id),
        )
        return _seal(keys, box, state.nonce, message)


def _still_rests(reader: Row, state: HospitalBox, head: core.Head) -> bool:
    ours = bytes(reader["nonce"]) == state.nonce and reader["epoch"] == head.epoch
    return ours and bool(reader["rest"]) and reader["ver"] < head.ver


def _remember(archive: Archive, box: Box, state: HospitalBox, ask: Ask, now_ms: int) -> None:
    archive.execute(
        "INSERT INTO feed_reader (box, clinic, nonce, epoch, ver, rest, asked_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (box) DO UPDATE SET clinic = excluded.clinic,"
        " nonce = excluded.nonce, epoch = excluded.epoch, ver = excluded.ver,"
        " rest = excluded.rest, asked_ms = excluded.asked_ms",
        (box.id, box.clinic, state.nonce, ask.epoch, ask.ver, int(ask.rest), now_ms),
    )


def _reflects(state: HospitalBox) -> Reflects:
    lanes: Mapping[str, int] = {lane: at.cum for lane, at in state.streams.items()}
    return Reflects(state.epoch, lanes)


def _seal(keys: HospitalKeys, box: Box, nonce: bytes, message: FeedMessage) -> OutgoingFrame:
    header = DownHeader(box.id, CHANNEL, nonce)
    return OutgoingFrame(
        box.id, CHANNEL, seal_down(header, packing.squeeze(parts_of(message)), keys, box.keys)
    )


def _weigh(parts: list[object]) -> int:
    return len(packing.squeeze(parts))
