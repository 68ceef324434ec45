"""Rows that cannot be sent: a tombstone takes their place, they are kept, shown and repaired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hand_clock import HandClock

from edge.model.entry import GENESIS, Entry, Lane, chain
from edge.model.errors import NotFound
from edge.store import damage, issues, journal, outbox, poison
from edge.store.store import Store
from sync import packing
from sync.box.outbox import StoreOutbox
from sync.box.sealing import seal_records
from sync.core.header import TOMBSTONE
from sync.core.session import SendFrame
from sync.frames import framing
from sync.frames.envelope import open_up
from sync.frames.framing import MAX_RECORD_BYTES
from sync.keys.keys import BoxKeys, HospitalKeys
from sync.keys.membership import Membership
from sync.link.transport import Address, Tls

HOSPITAL = HospitalKeys.generate()
MEMBER = Membership(
    "box-test",
    Address("127.0.0.1", 1),
    Tls(Path(), Path(), Path()),
    BoxKeys.generate(),
    HOSPITAL.public,
)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def record(store: Store, hand: HandClock, size: int) -> None:
    with store.transaction():
        journal.append(store, "view", hand.advance(1), {"what": "x" * size})


def sealed(store: Store, hand: HandClock, n: int) -> list[tuple[int, int, list[bytes]]]:
    """Send the first n records; return of each frame its first sequence, flags and rows."""
    send = SendFrame("c", 1, 1, n, GENESIS, b"nonce-01")
    packed = StoreOutbox(store).packed(send)

    def poisoned(seq: int, why: str) -> None:
        poison.note(store, hand.now(), Lane.CLINICAL, seq, why)

    told = []
    for header, frame in seal_records(MEMBER, send, packed, poisoned):
        opened, payload = open_up(frame, HOSPITAL, MEMBER.keys.public)
        assert opened.first_seq == header.first_seq
        told.append((opened.first_seq, opened.flags, framing.disclose(opened, payload) or []))
    return told


def test_a_record_too_large_is_replaced_kept_and_shown(store: Store, hand: HandClock) -> None:
    record(store, hand, MAX_RECORD_BYTES)
    assert StoreOutbox(store).fit("c", 1) == 1
    [(seq, flags, [stone])] = sealed(store, hand, 1)
    assert (seq, flags & TOMBSTONE) == (1, TOMBSTONE)
    assert json.loads(stone)["body"]["reason"] == "too large"
    [held] = poison.listed(store)
    assert (held.entry, held.why, held.sha256) == (
        1,
        "too large",
        json.loads(stone)["body"]["sha256"],
    )
    assert "Some records (1) cannot be sent" in issues.current(store)[0].sentence()


def test_a_row_that_breaks_the_packing_travels_alone_and_holds_up_nobody(
    store: Store, hand: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours cannot be written down in advance: it is put in where rows are packed."""
    for size in (10, 11, 12):
        record(store, hand, size)
    cursed = outbox.records(store, Lane.CLINICAL, 2, 1)[0].record
    pack, pack_plain = packing.pack, packing.pack_plain

    def fails(records: list[bytes]) -> bytes:
        raise KeyError("our fault")

    def fails_on_one(records: list[bytes]) -> bytes:
        if cursed in records:
            raise packing.CodecError("cannot be packed")
        return pack_plain(records)

    monkeypatch.setattr(packing, "pack", fails)
    monkeypatch.setattr(packing, "pack_plain", fails_on_one)
    frames = sealed(store, hand, 3)
    assert [(seq, bool(flags & TOMBSTONE)) for seq, flags, _ in frames] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    [held] = poison.listed(store)
    assert (held.entry, held.why) == (2, "could not be encoded")
    monkeypatch.undo()
    assert pack([cursed])
    made = poison.repair(store, hand.now(), held.entry, MAX_RECORD_BYTES)
    assert outbox.records(store, Lane.CLINICAL, 4, 9)[0].record == cursed
    assert poison.listed(store)[0].repaired_as == made
    assert issues.current(store) == []


def test_a_repair_cuts_what_is_too_long_and_names_the_whole(store: Store, hand: HandClock) -> None:
    record(store, hand, MAX_RECORD_BYTES)
    sealed(store, hand, 1)
    [held] = poison.listed(store)
    made = poison.repair(store, hand.now(), held.entry, MAX_RECORD_BYTES)
    assert poison.repair(store, hand.now(), held.entry, MAX_RECORD_BYTES) == made
    [anew] = outbox.records(store, Lane.CLINICAL, 2, 9)
    body = Entry.parse(anew.record).body
    assert body["repairs"] == held.sha256
    assert len(str(body["what"])) == poison.CUT_TO + 1
    assert StoreOutbox(store).fit("c", 2) == 1
    assert chain(outbox.chain_at(store, Lane.CLINICAL, 1) or b"", anew.record) == anew.chain


def test_only_what_cannot_be_sent_can_be_repaired(store: Store, hand: HandClock) -> None:
    record(store, hand, 10)
    with pytest.raises(NotFound, match="record 1"):
        poison.repair(store, hand.now(), 1, MAX_RECORD_BYTES)


def test_a_damaged_record_travels_as_a_tombstone_and_the_chain_goes_on(
    store: Store, hand: HandClock
) -> None:
    for _ in range(3):
        record(store, hand, 10)
    before = [q.chain for q in outbox.records(store, Lane.CLINICAL, 1, 3)]
    with store.transaction():
        store.execute("UPDATE journal SET record = replace(record, 'x', 'y') WHERE id = 2")
    send = SendFrame("c", 1, 1, 3, GENESIS, b"nonce-01")
    told = []
    packed = StoreOutbox(store).packed(send)
    for header, _ in seal_records(MEMBER, send, packed, lambda seq, why: told.append((seq, why))):
        at = header.first_seq
        assert header.prev_chain == ([GENESIS, *before][at - 1])
        assert header.end_chain == before[at - 1]
        assert bool(header.flags & TOMBSTONE) == (at == 2)
    assert told == [(2, "damaged")]
    (_, _, [stone]) = sealed(store, hand, 3)[1]
    assert json.loads(stone)["body"]["reason"] == "damaged"
    assert b"yyy" not in stone


def test_a_frame_ends_before_a_damaged_record_and_begins_after_it(
    store: Store, hand: HandClock
) -> None:
    for _ in range(5):
        record(store, hand, 10)
    with store.transaction():
        store.execute("UPDATE journal SET record = replace(record, 'x', 'y') WHERE id = 3")
    marked = []
    queue = StoreOutbox(store, on_damage=lambda: marked.append(damage.check(store, hand.now())))
    assert [queue.fit("c", first) for first in (1, 3)] == [2, 1]
    assert queue.fit("c", 4) == 3  # with the entry that tells of it
    assert marked == [1]
