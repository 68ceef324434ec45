"""A stick between a box and a hospital: the same records once, whatever is read how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from box_on_wire import NOW_MS
from hand_clock import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import journal, outbox
from edge.entry import Lane, content_id
from edge.store import Store
from hospital import boxes, by_hand, clones, custody
from hospital.archive_sqlite import SqliteArchive
from hospital.boxes import Box
from hospital.errors import HospitalError
from sync import bundle, hand
from sync.bundle import Bundle, BundleError
from sync.keys import BoxKeys, HospitalKeys
from sync.membership import Membership
from sync.transport import Address, Tls

KEYS = BoxKeys.generate()
HOSPITAL = HospitalKeys.generate()


class Post:
    """A box, a hospital, and a folder that is carried between them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.clock = store, HandClock()
        self.stick = folder / "stick"
        self.stick.mkdir()
        self.archive = SqliteArchive.open(folder / "archive.db")
        nowhere = Tls(Path(), Path(), Path())
        self.member = Membership(
            store.box_id(), Address("127.0.0.1", 1), nowhere, KEYS, HOSPITAL.public
        )
        with self.archive.transaction():
            boxes.enter(self.archive, Box(store.box_id(), "Thar", KEYS.public, "0a", NOW_MS))

    def record(self, count: int, lane: Lane = Lane.CLINICAL) -> None:
        with self.store.transaction():
            for number in range(count):
                body = {"number": number}
                journal.append(self.store, "view", self.clock.advance(1), body, lane=lane)

    def write(self) -> bytes:
        return hand.write(self.store, self.member, self.clock.now(), self.stick).file.read_bytes()

    def take(self, data: bytes) -> int:
        came = by_hand.take(self.archive, HOSPITAL, data, NOW_MS)
        bundle.write_file(self.stick, bundle.file_name(came.box_id, bundle.DOWN), came.answer)
        return came.records

    def read(self) -> hand.Answered:
        return hand.read(self.store, self.member, self.clock.now(), self.stick)

    def held(self) -> set[str]:
        return {r["id"] for r in self.archive.rows("SELECT id FROM record")}

    def made(self) -> set[str]:
        entries = [e.canonical() for _, e in journal.since(self.store, 0, 10_000)]
        return {str(content_id(self.store.box_id(), record)) for record in entries}

    def waiting(self) -> int:
        return outbox.ledger(self.store).waiting


@pytest.fixture
def post(store: Store, tmp_path: Path) -> Iterator[Post]:
    made = Post(store, tmp_path)
    yield made
    made.archive.close()


def test_records_go_and_receipts_return(post: Post) -> None:
    post.record(700)
    post.record(2, Lane.ALERT)
    assert post.take(post.write()) == 702
    assert post.read() == hand.Answered(702, None)
    assert post.waiting() == 0
    assert outbox.ledger(post.store).agrees
    assert post.held() == post.made()


def test_reading_anything_twice_does_nothing(post: Post) -> None:
    post.record(50)
    data = post.write()
    assert post.take(data) == 50
    assert post.take(data) == 0
    post.read()
    assert post.read() == hand.Answered(0, None)
    post.record(50)
    later = post.write()
    assert post.take(later) == 50
    assert post.take(data) == 0
    post.read()
    assert post.held() == post.made()
    assert len(post.held()) == 100


def test_an_old_answer_never_moves_custody_back(post: Post) -> None:
    post.record(10)
    post.take(post.write())
    old = (post.stick / bundle.file_name(post.store.box_id(), bundle.DOWN)).read_bytes()
    post.read()
    post.record(10)
    post.take(post.write())
    post.read()
    bundle.write_file(post.stick, bundle.file_name(post.store.box_id(), bundle.DOWN), old)
    assert post.read() == hand.Answered(0, None)
    assert post.waiting() == 0


def test_the_live_session_goes_on_and_sticks_are_no_clones(post: Post) -> None:
    before = boxes.get(post.archive, post.store.box_id())
    nonce = post.archive.rows("SELECT nonce FROM box")[0]["nonce"]
    for _ in range(5):
        post.record(3)
        post.take(post.write())
    assert post.archive.rows("SELECT nonce FROM box")[0]["nonce"] == nonce
    assert before is not None
    assert clones.lately(post.archive, before.id, NOW_MS + 1) == []


def test_a_card_rolled_back_moves_on_by_hand(post: Post, tmp_path: Path) -> None:
    post.record(10)
    post.store.copy_to(tmp_path / "image.db")
    post.record(10)
    post.take(post.write())
    fallen = Store.open(tmp_path / "image.db")
    there, post.store = post.made(), fallen
    post.record(5)
    post.take(post.write())
    with pytest.raises(BundleError, match="same records"):
        post.read()
    post.take(post.write())
    assert post.read().epoch == 2
    post.take(post.write())
    post.read()
    assert post.waiting() == 0
    assert post.held() == there | post.made()
    fallen.close()


def test_a_past_epoch_is_answered_with_a_new_one_and_an_old_stick_changes_nothing(
    post: Post,
) -> None:
    post.record(10)
    old = post.write()
    post.take(old)
    with post.archive.transaction():
        post.archive.execute("UPDATE box SET epoch = 4")
    post.take(post.write())
    assert post.read().epoch == 5
    assert post.waiting() == 11
    post.take(post.write())
    post.read()
    assert post.waiting() == 0
    assert post.take(old) == 0
    box = boxes.get(post.archive, post.store.box_id())
    assert box is not None
    assert box.epoch == 5
    assert post.held() == post.made()


def test_a_hospital_that_was_restored_asks_again(post: Post) -> None:
    post.record(10)
    post.take(post.write())
    post.read()
    with post.archive.transaction():
        post.archive.execute("UPDATE stream SET cum = 0, chain = zeroblob(16)")
        post.archive.execute("DELETE FROM record")
    custody.new_generation(post.archive)
    post.record(5)
    post.take(post.write())
    assert post.waiting() == 5  # the link, or a newer stick, brings the rest


def test_who_is_shut_out_brings_nothing_but_who_was_replaced_does(post: Post) -> None:
    post.record(5)
    data = post.write()
    boxes.set_standing(post.archive, post.store.box_id(), "revoked")
    with pytest.raises(HospitalError, match="revoked"):
        post.take(data)
    assert post.held() == set()
    boxes.set_standing(post.archive, post.store.box_id(), "replaced")
    assert post.take(data) == 5


def test_foreign_and_damaged_sticks_are_refused_in_words(post: Post) -> None:
    post.record(5)
    data = post.write()
    for spoiled, words in (
        (data[:-1], "cut off"),
        (data[: len(data) // 2], "cut off"),
        (b"", "no bundle"),
        (b"a photo", "no bundle"),
        (data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "damaged"),
    ):
        with pytest.raises(BundleError, match=words):
            post.take(spoiled)
    forged = bundle.encode(
        Bundle(bundle.UP, post.store.box_id(), b"12345678", 1, ()),
        BoxKeys.generate().sign.sign,
    )
    with pytest.raises(BundleError, match="not written by whom it names"):
        post.take(forged)
    with pytest.raises(BundleError, match="there is no"):
        post.read()
    bundle.write_file(post.stick, bundle.file_name(post.store.box_id(), bundle.DOWN), data)
    with pytest.raises(BundleError, match="goes up"):
        post.read()
    assert post.held() == set()


def test_an_answer_to_another_box_is_refused(post: Post) -> None:
    post.record(1)
    post.take(post.write())
    post.member = replace(post.member, box_id="box-other")
    name = bundle.file_name(post.store.box_id(), bundle.DOWN)
    data = (post.stick / name).read_bytes()
    bundle.write_file(post.stick, bundle.file_name("box-other", bundle.DOWN), data)
    with pytest.raises(BundleError, match="is for box"):
        post.read()


@settings(max_examples=200)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_break_the_reader(data: bytes, marked: bool) -> None:
    with pytest.raises(BundleError):
        bundle.decode(bundle.MAGIC + data if marked else data, bundle.UP, lambda *_: True)


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(0, 10**13))
def test_a_bundle_comes_back_as_it_was(frames: list[bytes], made_ms: int) -> None:
    one = Bundle(bundle.DOWN, "box-one", b"12345678", made_ms, tuple(frames))
    data = bundle.encode(one, lambda body: body[:1])
    assert bundle.decode(data, bundle.DOWN, lambda body, mark: mark == body[:1]) == one
    assert bundle.peek(data) == (bundle.DOWN, "box-one")
