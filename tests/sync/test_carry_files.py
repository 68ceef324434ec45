"""Photos and recordings: in chunks, in any order, previews first, whole or not shown."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_on_wire import HOSPITAL, Desk, Sender, enrolled
from broker import running
from eventually import eventually
from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st
from link_house import House

from edge.files import attachments
from edge.files.attachments import CHUNK_BYTES, Subject
from edge.model.entry import Lane
from edge.store import outbox
from edge.store.store import Store
from hospital.archive.sqlite import SqliteArchive
from hospital.files import attachments as archived
from sync.box.file_client import WINDOW, FileClient, StoreUploads
from sync.core.wire import MessageError
from sync.files import chunks
from sync.files.chunks import Chunk, ChunkState
from sync.frames.envelope import BadFrame, open_chunk, open_down, seal_chunk

ID = bytes(range(16))


@given(st.integers(1, 300), st.data())
def test_a_bitmap_remembers_exactly_what_was_put(total: int, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.integers(0, total - 1)))
    have = chunks.empty(total)
    for index in chosen:
        have = chunks.put(have, index)
    assert {i for i in range(total) if chunks.has(have, i)} == chosen
    assert chunks.is_whole(have, total) is (len(chosen) == total)
    left = sorted(set(range(total)) - chosen)
    assert chunks.missing(have, total, ()) == (left[0] if left else None)
    assert chunks.missing(have, total, set(left)) is None


@given(st.binary(min_size=1, max_size=100), st.integers(0, 50))
def test_a_chunk_opens_only_at_its_own_place(data: bytes, index: int) -> None:
    key, place = os.urandom(32), (ID, index, 60)
    sealed = seal_chunk(key, place, data)
    assert open_chunk(key, place, sealed) == data
    wrong = [(ID, index + 1, 60), (ID, index, 61), (bytes(16), index, 60)]
    for other in wrong:
        with pytest.raises(BadFrame):
            open_chunk(key, other, sealed)
    with pytest.raises(BadFrame):
        open_chunk(os.urandom(32), place, sealed)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    for read in (chunks.decode_chunk, chunks.decode_held):
        with pytest.raises(MessageError):
            read(data)


class Pair:
    """A box's file courier and a hospital's receiver, with nothing but a list between them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.home, self.clock = store, folder, HandClock()
        self.desk = Desk(enrolled(SqliteArchive.open(folder / "archive.db")))
        self.box = Sender()
        self.said: list[bytes] = []
        self.courier = FileClient(StoreUploads(store, folder), self.said.append)
        self.desk.admit(self.box)

    def add(self, data: bytes, **about: str) -> str:
        subject = Subject(**about)
        return attachments.add(self.store, self.home, self.clock.now(), data, "image/jpeg", subject)

    def confirm_manifests(self) -> None:
        """Bring the journal to the hospital, as the records' lanes do."""
        last = outbox.state(self.store, Lane.CLINICAL).last
        self.box.records = [q.record for q in outbox.records(self.store, Lane.CLINICAL, 1, 99)]
        self.desk.take(self.box.frame(1, last))
        outbox.mark_custody(self.store, Lane.CLINICAL, last, 0, self.clock.now())

    def deliver(self, payload: bytes) -> None:
        header = chunks.header("box-one", 1, self.box.nonce)
        sealed = self.box.sealed(header, payload)
        assert len(sealed) <= 4_096
        for out in self.desk.receiver.receive("cs/1/u/box-one/f", sealed, 1):
            _, answer = open_down(out.payload, "box-one", self.box.keys, HOSPITAL.public)
            self.courier.receive(answer)

    def content(self, file_id: str) -> bytes | None:
        return archived.content(self.desk.archive, "box-one", file_id)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    store = Store.create(tmp_path / "box.db", "box-one")
    made = Pair(store, tmp_path)
    yield made
    store.close()
    made.desk.archive.close()


def test_a_file_arrives_whole_through_loss_repeats_and_restarts(pair: Pair) -> None:
    photo = os.urandom(20 * CHUNK_BYTES + 77)
    one = pair.add(photo, patient="p1")
    assert attachments.next_upload(pair.store) is None  # its manifest has not arrived
    pair.confirm_manifests()
    rng, now_ms = random.Random(5), 0
    while attachments.waiting(pair.store):
        now_ms += 40_000
        pair.courier.pump(now_ms)
        assert len(pair.said) <= WINDOW
        batch, pair.said[:] = list(pair.said), []
        for payload in batch:
            if rng.random() < 0.3:
                continue
            pair.deliver(payload)
            pair.deliver(payload)
            assert pair.content(one) in (None, photo)
        if rng.random() < 0.2:
            pair.courier = FileClient(StoreUploads(pair.store, pair.home), pair.said.append)
    assert pair.content(one) == photo


def test_the_preview_goes_first(pair: Pair) -> None:
    large = pair.add(os.urandom(5 * CHUNK_BYTES))
    small = pair.add(b"preview", preview_of=large)
    pair.confirm_manifests()
    pair.courier.pump(1)
    assert str(chunks.decode_chunk(pair.said[0]).file.hex()) == small.replace("-", "")


def test_a_restored_hospital_says_what_it_lacks(pair: Pair) -> None:
    photo = os.urandom(3 * CHUNK_BYTES)
    one = pair.add(photo)
    pair.confirm_manifests()
    while attachments.waiting(pair.store):
        pair.courier.pump(1)
        pair.deliver(pair.said.pop(0))
    archive = pair.desk.archive
    with archive.transaction():
        archive.execute("DELETE FROM file_chunk")
        archive.execute("UPDATE file SET have = ?, done_ms = NULL", (chunks.empty(3),))
    for held in archived.unfinished(archive, "box-one"):
        pair.courier.receive(chunks.encode_held(held))
    assert attachments.waiting(pair.store) == 1
    while attachments.waiting(pair.store):
        pair.courier.pump(1)
        pair.deliver(pair.said.pop(0))
    assert pair.content(one) == photo


def test_chunks_of_a_past_session_or_of_nothing_known_change_nothing(pair: Pair) -> None:
    one = pair.add(b"x" * 10)
    pair.confirm_manifests()
    pair.courier.pump(1)
    (payload,) = pair.said
    stale = pair.box.sealed(chunks.header("box-one", 1, b"othernon"), payload)
    assert pair.desk.receiver.receive("cs/1/u/box-one/f", stale, 1) == []
    chunk = chunks.decode_chunk(payload)
    spoiled = chunks.encode_chunk(Chunk(chunk.file, 0, chunk.sealed[:-1] + b"\x00"))
    foreign = chunks.encode_chunk(Chunk(ID, 0, chunk.sealed))
    beyond = chunks.encode_chunk(Chunk(chunk.file, 7, chunk.sealed))
    for bad in (spoiled, foreign, beyond):
        pair.deliver(bad)
    assert pair.content(one) is None
    pair.deliver(payload)
    assert pair.content(one) == b"x" * 10


def test_an_answer_about_another_size_is_ignored(pair: Pair) -> None:
    pair.add(b"x" * 10)
    pair.confirm_manifests()
    upload = attachments.next_upload(pair.store)
    assert upload is not None
    pair.courier.receive(chunks.encode_held(ChunkState(upload.file_id, b"\xff\xff\xff", True)))
    assert attachments.waiting(pair.store) == 1


@pytest.mark.system
def test_files_follow_the_records_over_the_real_link(tmp_path: Path) -> None:
    with running(tmp_path / "broker") as broker:
        house = House(tmp_path, broker)
        house.start()
        try:
            box = house.enrolled()
            photo = os.urandom(30 * CHUNK_BYTES)
            now = box.store.clock().now()
            one = attachments.add(box.store, box.home, now, photo, "image/jpeg")
            box.record(20)
            box.begin()
            eventually(lambda: any(chunks.has(_have(house), i) for i in range(30)))
            box.kill()
            box.record(1, Lane.ALERT)
            box.begin()
            eventually(lambda: attachments.waiting(box.store) == 0, within_s=60)
            assert archived.content(house.archive, box.box_id, one) == photo
            assert box.all_confirmed()
        finally:
            house.end()


def _have(house: House) -> bytes:
    rows = house.archive.rows("SELECT have FROM file")
    return bytes(rows[0]["have"]) if rows else b""
