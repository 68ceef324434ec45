"""A stick between a box and a hospital: the same records once, whatever is read how often."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from box_on_wire import NOW_MS
from hand_house import BOX, CLINIC, HOSPITAL, KEYS, Post, other_keys
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.feed import command_log, replica
from edge.files import attachments
from edge.files.attachments import CHUNK_BYTES
from edge.model.entry import Lane
from edge.model.feed_item import Item
from edge.store import journal, outbox
from hospital.archive.errors import HospitalError
from hospital.bundles import read
from hospital.feed import feed
from hospital.files import attachments as archived
from hospital.fleet import boxes, clones, commands
from hospital.receiving import custody
from sync.bundles import bundle_format, read_answer, write
from sync.bundles.bundle_format import BundleError, Opening
from sync.frames.envelope import peek_up, seal_up, sign_manifest
from sync.keys.keys import BoxKeys, HospitalKeys, kid

DOUBLED = "SELECT box, epoch, lane, seq FROM record GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
"""Places of a stream that two records claim."""


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path / "post")
    yield made
    made.close()


def copy(post: Post, file: Path, name: str) -> Path:
    """Keep a copy of a file of the stick elsewhere, as people do."""
    kept = post.folder / name
    shutil.copy(file, kept)
    return kept


# --- both ways --------------------------------------------------------------------------------


def test_records_go_and_receipts_return(post: Post) -> None:
    post.record(700)
    post.record(2, Lane.ALERT)
    post.write()
    assert outbox.ledger(post.store).sent == 0
    assert post.waiting() == 702  # on a stick is not at the hospital
    assert post.take() == 702
    assert post.read() == read_answer.AnswerResult(702, None)
    assert post.waiting() == 0
    assert outbox.ledger(post.store).agrees
    assert post.held() == post.made()


def test_a_clinic_without_any_line_lives_by_the_stick(post: Post) -> None:
    post.tell(1, 900)
    first = commands.create(post.archive, BOX, "ping", {}, "desk", NOW_MS)
    commands.create(post.archive, BOX, "ping", {}, "desk", NOW_MS)
    post.record(20)
    photo, preview = post.photo(9 * CHUNK_BYTES + 5), post.photo(100)
    post.write()
    post.take()
    answered = post.read()
    assert (answered.told, answered.commands, answered.whole) == (True, 2, True)
    assert post.agree_on_the_feed()
    assert attachments.waiting(post.store) == 0
    for one in (photo, preview):
        stored = archived.content(post.archive, BOX, one)
        assert stored == attachments.path(post.folder, one).read_bytes()
    assert [c.id for c in command_log.answered(post.store)][0] == first.id
    post.tell(300, 600)  # changed since: more than one frame tells
    post.tell(2_000, 5)
    post.write()
    post.take()
    assert post.read().told
    assert post.agree_on_the_feed()
    rows = post.archive.rows("SELECT outcome FROM command WHERE answered_ms IS NOT NULL")
    assert [r["outcome"] for r in rows] == ["done", "done"]
    assert post.read() == read_answer.AnswerResult(0, None)
    assert post.waiting() == 0


def test_a_replica_that_rotted_is_mended_by_the_next_stick(post: Post) -> None:
    post.tell(1, 200)
    for rotten in (True, False):
        post.write()
        post.take()
        post.read()
        assert post.agree_on_the_feed()
        if rotten:
            with post.store.transaction():
                post.store.execute("DELETE FROM feed_item WHERE id IN ('r7', 'r8', 'r9')")
            post.tell(300)
            post.write()
            post.take()
            post.read()
            assert not post.agree_on_the_feed()


def test_what_is_on_a_stick_is_said_without_reading_it(post: Post) -> None:
    post.record(30)
    post.record(3, Lane.ALERT)
    post.photo(10)
    (one,) = [bundle_format.outline(post.write())]
    assert one.closing is not None
    assert one.closing.lanes == {"c": (1, 31), "a": (1, 3)}
    assert (one.closing.records, one.closing.files) == (34, 1)
    assert (one.opening.box_id, one.opening.hospital) == (BOX, kid(HOSPITAL.public.sign))


# --- repeats, old ones, other ways ------------------------------------------------------------


def test_reading_anything_twice_does_nothing(post: Post) -> None:
    post.record(50)
    post.photo(3 * CHUNK_BYTES)
    old = copy(post, post.write(), "old")
    assert post.take(old) == 51
    assert post.take(old) == 0
    first = copy(post, post.stick / bundle_format.down_name(BOX), "answer")
    post.read()
    assert post.read() == read_answer.AnswerResult(0, None)
    post.record(50)
    post.tell(1)
    later = post.write()
    assert post.take(later) == 50
    assert post.take(old) == 0
    post.take(later)
    post.read()
    shutil.copy(first, post.stick / bundle_format.down_name(BOX))
    assert post.read() == read_answer.AnswerResult(0, None)
    assert (post.waiting(), attachments.waiting(post.store)) == (0, 0)
    assert post.held() == post.made()
    assert len(post.held()) == 101


def test_parts_of_another_answer_change_nothing_though_they_are_genuine(post: Post) -> None:
    """Receipts, files and the feed count only in the answer to the bundle that they are about."""
    post.record(20)
    photo = post.photo(3 * CHUNK_BYTES)
    post.tell(1, 5)
    post.take(post.write())
    file = post.stick / bundle_format.down_name(BOX)
    with bundle_format.opened(file) as reader:
        others = list(reader.frames())
    post.write()
    post.take(post.write())
    with bundle_format.opened(file) as reader:
        opening = reader.opening
    with bundle_format.writing(file, opening, lambda b: sign_manifest(b, HOSPITAL.sign)) as writer:
        assert all(writer.add(frame) for frame in others)
        writer.close({}, 0)
    before = post.waiting(), attachments.waiting(post.store), replica.cursor(post.store)
    result = post.read()
    assert len(others) >= 4
    assert result == read_answer.AnswerResult(0, None, damaged=len(others))
    assert (post.waiting(), attachments.waiting(post.store), replica.cursor(post.store)) == before
    assert before[:2] == (21, 1)
    post.answer()
    assert post.read().confirmed == 21
    assert archived.content(post.archive, BOX, photo) is not None


def test_an_old_answer_about_a_file_takes_nothing_back(post: Post) -> None:
    one = post.photo(3 * CHUNK_BYTES)

    def told(have: int, done: bool = False) -> tuple[int, int]:
        attachments.confirm_more(post.store, one, bytes([have]), done)
        (row,) = post.store.rows("SELECT have, done FROM file")
        return row["have"][0], row["done"]

    assert told(0b001) == (0b001, 0)
    assert told(0b010) == (0b011, 0)
    assert told(0b001) == (0b011, 0)
    assert told(0b100) == (0b100, 0)  # all were there and it is not whole: it is begun anew
    assert told(0b111, True) == (0b111, 1)
    assert told(0b001) == (0b111, 1)


def test_an_earlier_bundle_stays_until_it_is_receipted(post: Post) -> None:
    post.record(5)
    first = post.write()
    post.record(5)
    second = post.write()
    assert first.exists()
    post.take(first)
    post.read()
    assert not first.exists()
    assert second.exists()
    post.take(second)
    post.read()
    assert not second.exists()


def test_a_bundle_stays_while_a_photo_on_it_is_not_whole_at_the_hospital(post: Post) -> None:
    photo = post.photo(20 * CHUNK_BYTES)
    file = post.write()
    data, cut = file.read_bytes(), post.folder / "cut"
    cut.write_bytes(data[: len(data) * 7 // 10])
    post.take(cut)
    post.read()
    assert (post.waiting(), attachments.waiting(post.store)) == (0, 1)
    assert file.exists()
    post.take(file)
    post.read()
    assert attachments.waiting(post.store) == 0
    assert archived.content(post.archive, BOX, photo) is not None
    assert not file.exists()


def test_the_live_session_goes_on_and_sticks_are_no_clones(post: Post) -> None:
    post.online()
    nonce = post.archive.rows("SELECT nonce FROM box")[0]["nonce"]
    for _ in range(5):
        post.record(3)
        post.write()
        post.take()
    assert post.archive.rows("SELECT nonce FROM box")[0]["nonce"] == nonce
    assert [one.nonce for one in clones.lately(post.archive, BOX, NOW_MS + 1)] == [nonce]


def test_what_the_line_took_meanwhile_is_taken_once(post: Post) -> None:
    post.record(60)
    post.tell(1, 5)
    post.write()
    post.online()
    post.record(10)
    post.tell(3, 9)
    post.take()
    post.online()
    post.read()
    assert post.waiting() == 0
    assert post.held() == post.made()
    post.online()
    assert post.agree_on_the_feed()


# --- epochs, restores, cards ------------------------------------------------------------------


def test_a_card_rolled_back_moves_on_by_hand(post: Post) -> None:
    post.record(10)
    image = post.copy_card("image.db")
    post.record(10)
    post.write()
    post.take()
    there = post.made()
    post.roll_back(image)
    post.record(5)
    post.write()
    post.take()
    with pytest.raises(BundleError, match="same records"):
        post.read()
    post.write()
    post.take()
    assert post.read().epoch == 2
    post.write()
    post.take()
    post.read()
    assert post.waiting() == 0
    assert post.held() == there | post.made()


def test_a_stick_of_a_past_epoch_still_brings_what_only_it_holds(post: Post) -> None:
    post.record(10)
    post.online()
    image = post.copy_card("image.db")
    post.record(10)
    lost = copy(post, post.write(), "lost")
    there = post.made()
    post.roll_back(image)
    with post.archive.transaction():
        post.archive.execute("UPDATE box SET epoch = 4")
    post.online()
    assert post.take(lost) == 10
    assert there <= post.held()
    held = boxes.get(post.archive, BOX)
    assert held is not None
    epoch = held.epoch
    assert post.take(lost) == 0
    assert boxes.get(post.archive, BOX) == held
    assert outbox.state(post.store, Lane.CLINICAL).epoch == epoch
    post.record(1)
    post.online()
    assert post.waiting() == 0


def test_a_stick_from_before_the_card_fell_back_is_kept_beside_the_other_history(
    post: Post,
) -> None:
    post.record(10)
    post.online()
    image = post.copy_card("image.db")
    post.record(400)
    lost, there = copy(post, post.write(), "lost"), post.made()
    post.roll_back(image)
    post.record(3)
    post.online()  # other records under the same numbers
    before = post.archive.rows("SELECT * FROM stream")
    taken = read.read_bundle(post.archive, HOSPITAL, lost, NOW_MS)
    assert taken.records == 400
    assert taken.aside > 1
    assert there | post.made() <= post.held()
    assert read.read_bundle(post.archive, HOSPITAL, lost, NOW_MS).records == 0
    after = post.archive.rows("SELECT * FROM stream WHERE epoch > 0")
    assert after == before
    assert post.archive.rows(DOUBLED) == []
    post.record(1)
    post.online()
    assert post.waiting() == 0


def test_a_past_epoch_is_answered_with_a_new_one(post: Post) -> None:
    post.record(10)
    old = copy(post, post.write(), "old")
    with post.archive.transaction():
        post.archive.execute("UPDATE box SET epoch = 4")
    post.take(old)
    assert post.read().epoch == 5
    assert post.waiting() == 11
    assert post.read().epoch is None  # the same answer once more
    post.write()
    post.take()
    post.read()
    assert post.waiting() == 0
    assert post.take(old) == 0
    post.read()
    box = boxes.get(post.archive, BOX)
    assert box is not None
    assert (box.epoch, outbox.state(post.store, Lane.CLINICAL).epoch) == (5, 5)
    assert post.held() == post.made()


def test_a_hospital_that_was_restored_gets_all_again_by_stick_alone(post: Post) -> None:
    post.record(10)
    post.write()
    post.take()
    post.read()
    with post.archive.transaction():
        post.archive.execute("UPDATE stream SET cum = 0, chain = zeroblob(16)")
        post.archive.execute("DELETE FROM record")
    custody.new_generation(post.archive)
    post.record(5)
    post.write()
    post.take()
    old = copy(post, post.stick / bundle_format.down_name(BOX), "old")
    post.read()
    assert post.waiting() == 15
    post.write()
    post.take()
    post.read()
    assert post.waiting() == 0
    assert post.held() == post.made()
    shutil.copy(old, post.stick / bundle_format.down_name(BOX))
    post.read()
    assert post.waiting() == 0  # the gap it speaks of is closed


def test_rows_that_cannot_be_read_together_come_one_by_one(post: Post) -> None:
    post.record(40)
    good = post.write()
    spoiled = post.folder / "spoiled"
    with bundle_format.opened(good) as reader:
        frames, opening = list(reader.frames()), reader.opening
    header = peek_up(frames[-1])
    frames[-1] = seal_up(header, b"what nobody can read", KEYS, HOSPITAL.public)
    with bundle_format.writing(spoiled, opening, lambda b: sign_manifest(b, KEYS.sign)) as writer:
        assert all(writer.add(frame) for frame in frames)
        writer.close({"c": (1, 40)}, 0)
    assert post.take(spoiled) == 0
    post.read()
    post.write()
    with bundle_format.opened(bundle_format.found(post.stick, bundle_format.UP)[-1].file) as reader:
        headers = [peek_up(frame) for frame in reader.frames()]
    assert [h.n for h in headers if h.lane == "c"] == [1] * 40
    assert post.take() == 40
    post.read()
    assert post.waiting() == 0


# --- who may, and what is whole ---------------------------------------------------------------


def test_who_is_shut_out_brings_nothing_but_who_was_replaced_does(post: Post) -> None:
    post.record(5)
    post.photo(50)
    file = post.write()
    boxes.set_standing(post.archive, BOX, "revoked")
    with pytest.raises(HospitalError, match="revoked"):
        post.take(file)
    with pytest.raises(HospitalError, match="revoked"):
        post.answer()
    assert post.held() == set()
    assert post.archive.rows("SELECT * FROM stick") == []
    boxes.set_standing(post.archive, BOX, "replaced")
    assert post.take(file) == 6


def test_foreign_sticks_are_refused_in_words(post: Post) -> None:
    post.record(5)
    file = post.write()
    for data, words in ((b"", "no bundle"), (b"a photo", "no bundle"), (b"HPB1O", "beginning")):
        strange = post.folder / "strange"
        strange.write_bytes(data)
        with pytest.raises(BundleError, match=words):
            post.take(strange)
    with pytest.raises(BundleError, match="another hospital"):
        read.read_bundle(post.archive, HospitalKeys.generate(), file, NOW_MS)
    now = post.clock.now()
    forged = write.write(post.store, post.settings, other_keys(post), now, post.stick).file
    with pytest.raises(BundleError, match="not written by whom it names"):
        post.take(forged)
    stranger = replace(post.member, box_id="box-else")
    unknown = write.write(post.store, post.settings, stranger, now, post.stick).file
    with pytest.raises(HospitalError, match="no box box-else"):
        post.take(unknown)
    with pytest.raises(BundleError, match="there is no"):
        post.read()
    shutil.copy(file, post.stick / bundle_format.down_name(BOX))
    with pytest.raises(BundleError, match="goes up"):
        post.read()
    assert post.held() == set()


def test_an_answer_to_another_box_or_of_another_hospital_is_refused(post: Post) -> None:
    post.record(1)
    post.write()
    post.take()
    down = post.stick / bundle_format.down_name(BOX)
    member = post.member
    post.member = replace(member, box_id="box-else")
    with pytest.raises(BundleError, match="is for box"):
        post.read()
    shutil.copy(down, post.stick / bundle_format.down_name("box-else"))
    with pytest.raises(BundleError, match="is for box"):
        post.read()
    post.member = replace(member, hospital=HospitalKeys.generate().public)
    with pytest.raises(BundleError, match="another hospital"):
        post.read()
    post.member = member
    with post.store.transaction():
        post.store.execute("DELETE FROM hand_session")
    with pytest.raises(BundleError, match="does not remember"):
        post.read()


def test_of_a_damaged_stick_what_is_whole_is_taken(post: Post) -> None:
    post.record(2_000)
    post.record(3, Lane.ALERT)
    file = post.write()
    data = file.read_bytes()
    cut = post.folder / "cut"
    cut.write_bytes(data[: len(data) // 2])
    taken = read.read_bundle(post.archive, HOSPITAL, cut, NOW_MS)
    assert not taken.whole
    assert 3 < taken.records < 2_003
    assert bundle_format.outline(cut).closing is None
    post.answer()
    answered = post.read()
    assert answered.confirmed == taken.records
    assert file.exists()
    spoiled = bytearray(data)
    spoiled[-len(data) // 3] ^= 1
    cut.write_bytes(spoiled)
    again = read.read_bundle(post.archive, HOSPITAL, cut, NOW_MS)
    assert (again.damaged, again.whole) == (1, False)
    assert post.take(file) == 2_003 - taken.records - again.records
    assert post.held() == post.made()


def test_a_full_stick_is_said_and_a_small_one_takes_what_is_urgent(tmp_path: Path) -> None:
    frames = [bytes([n]) * 4_000 for n in range(40)]
    opening = Opening(bundle_format.UP, BOX, b"kid!", b"12345678", 1, 1)
    keys = BoxKeys.generate()
    file = tmp_path / "one.bundle"
    with bundle_format.writing(file, opening, keys.sign.sign) as writer:
        writer._room = 100_000
        added = [writer.add(frame) for frame in frames]
        writer.close({"c": (1, sum(added))}, 0)
    assert 20 < sum(added) < 40
    assert added == sorted(added, reverse=True)
    with bundle_format.opened(file) as reader:
        assert list(reader.frames()) == frames[: sum(added)]
        assert reader.whole
    missing = tmp_path / "gone"
    with pytest.raises(BundleError, match="cannot be written"):
        _write_nothing(missing / "x.bundle", opening, keys)


def test_no_byte_of_a_stick_names_a_patient(post: Post) -> None:
    name = "Zubaida Khatoon"
    with post.store.transaction():
        journal.append(post.store, "patient", post.clock.now(), {"name": name})
    attachments.add(post.store, post.folder, post.clock.now(), name.encode() * 99, "text/plain")
    post.write()
    post.take()
    with post.archive.transaction():
        body = {"patient": "p1", "text": name}
        feed.put(post.archive, CLINIC, Item("reply", "r1", 1, body))
    commands.create(post.archive, BOX, "ping", {"for": name}, "desk", NOW_MS)
    post.answer()
    files = sorted(post.stick.iterdir())
    assert len(files) == 2
    for file in files:
        assert name.split()[0].encode() not in file.read_bytes(), file.name
    assert post.read().told


def test_a_write_that_breaks_off_leaves_what_was_there(post: Post) -> None:
    post.record(3)
    first = post.write()
    opening = bundle_format.outline(first).opening

    def breaks_off() -> None:
        with bundle_format.writing(first, opening, post.member.keys.sign.sign) as writer:
            writer.add(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks_off()
    assert [f.name for f in post.stick.iterdir()] == [first.name]
    assert post.take(first) == 3


def _write_nothing(file: Path, opening: Opening, keys: BoxKeys) -> None:
    with bundle_format.writing(file, opening, keys.sign.sign) as writer:
        writer.close({}, 0)


# --- any bytes, any order ---------------------------------------------------------------------


@settings(max_examples=200)
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_reader(data: bytes, marked: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.bundle"
        file.write_bytes(bundle_format.MAGIC + data if marked else data)
        with pytest.raises(BundleError), bundle_format.opened(file):
            pass


@settings(max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=90), max_size=6), st.data())
def test_a_bundle_comes_back_and_damage_costs_only_itself(
    frames: list[bytes], data: st.DataObject
) -> None:
    opening = Opening(bundle_format.DOWN, "box-one", b"kid!", b"12345678", 3, 10**13)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.bundle"
        with bundle_format.writing(file, opening, lambda body: body[:1] * 64) as writer:
            assert all(writer.add(frame) for frame in frames)
            writer.close({"c": (4, 9)}, 2)
        outline = bundle_format.outline(file)
        assert outline.opening == opening
        assert outline.closing == bundle_format.Closing(len(frames), {"c": (4, 9)}, 2)
        assert _read(file) == (frames, 0, True)
        good = file.read_bytes()
        spoiled = bytearray(good)
        spoiled[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
        file.write_bytes(spoiled[: data.draw(st.integers(0, len(good)))])
        try:
            got, _, _ = _read(file)
        except BundleError:
            return
        assert all(frame in frames for frame in got)


def _read(file: Path) -> tuple[list[bytes], int, bool]:
    with bundle_format.opened(file) as reader:
        return list(reader.frames()), reader.damaged, reader.whole


ACTIONS = (
    *("record", "alert", "photo", "tell", "write", "take", "take-old", "take-cut", "read"),
    *("read-old", "read-cut", "online", "broken-line", "lose-stick", "order", "restore-hospital"),
    *("image-card", "card-falls-back"),
)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(ACTIONS), max_size=16), st.randoms(use_true_random=False))
def test_in_any_order_nothing_is_lost_doubled_or_promised(
    actions: list[str], rng: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        road = _Road(Post(Path(folder) / "post"), rng)
        try:
            for action in actions:
                road.go(action)
                assert road.post.confirmed() <= road.post.held() | road.forgotten
            road.come_to_rest()
        finally:
            road.post.close()


class _Road:
    """People with sticks, in whatever order they come."""

    def __init__(self, post: Post, rng: random.Random) -> None:
        self.post, self.rng = post, rng
        self.ups: list[Path] = []
        self.downs: list[Path] = []
        self.number = 0
        self.forgotten: set[str] = set()
        self.image: Path | None = None

    def go(self, action: str) -> None:
        getattr(self, "_" + action.replace("-", "_"))()

    def come_to_rest(self) -> None:
        """Two quiet rounds by hand end in agreement, whatever was before."""
        self._lose_stick()
        for _ in range(6):
            self._write()
            self._take()
            self._read()
        post = self.post
        assert post.held() >= post.made()
        assert post.waiting() == 0
        assert post.archive.rows(DOUBLED) == []
        assert attachments.waiting(post.store) == 0
        assert post.agree_on_the_feed()

    def _record(self) -> None:
        self.post.record(7)

    def _alert(self) -> None:
        self.post.record(1, Lane.ALERT)

    def _photo(self) -> None:
        self.post.photo(2 * CHUNK_BYTES + 1)

    def _tell(self) -> None:
        self.post.tell(self.number % 9, 4)
        self.number += 1

    def _order(self) -> None:
        commands.create(self.post.archive, BOX, "ping", {}, "desk", NOW_MS)

    def _write(self) -> None:
        self.ups.append(copy(self.post, self.post.write(), f"up{len(self.ups)}"))

    def _take(self) -> None:
        self._let_take(None)

    def _take_old(self) -> None:
        if self.ups:
            self._let_take(self.rng.choice(self.ups))

    def _take_cut(self) -> None:
        if self.ups:
            self._let_take(self._cut(self.rng.choice(self.ups)))

    def _let_take(self, file: Path | None) -> None:
        if file is None and not bundle_format.found(self.post.stick, bundle_format.UP):
            return
        try:
            self.post.take(file)
        except (BundleError, HospitalError):
            return
        down = self.post.stick / bundle_format.down_name(BOX)
        self.downs.append(copy(self.post, down, f"down{len(self.downs)}"))

    def _read(self) -> None:
        self._let_read(("there is no", "same records"))

    def _read_old(self) -> None:
        self._bring(cut=False)

    def _read_cut(self) -> None:
        self._bring(cut=True)

    def _bring(self, cut: bool) -> None:
        if not self.downs:
            return
        old = self.rng.choice(self.downs)
        file = self._cut(old) if cut else old
        shutil.copy(file, self.post.stick / bundle_format.down_name(BOX))
        self._let_read(("beginning", "no bundle", "same records") if cut else ("same records",))

    def _let_read(self, honest: Sequence[str]) -> None:
        """Read; what may be complained of is known."""
        try:
            self.post.read()
        except BundleError as error:
            if not any(words in str(error) for words in honest):
                raise

    def _cut(self, file: Path) -> Path:
        data, cut = file.read_bytes(), self.post.folder / "cut"
        cut.write_bytes(data[: self.rng.randrange(len(data) // 2, len(data))])
        return cut

    def _image_card(self) -> None:
        self.image = self.post.copy_card("image.db")

    def _card_falls_back(self) -> None:
        if self.image is not None:
            self.post.roll_back(self.image)

    def _online(self) -> None:
        self.post.online()

    def _broken_line(self) -> None:
        self.post.online(frames=self.rng.randrange(1, 5))

    def _lose_stick(self) -> None:
        for file in self.post.stick.iterdir():
            file.unlink()

    def _restore_hospital(self) -> None:
        """The archive falls back to nothing; boxes have pruned nothing on its word."""
        self.forgotten |= self.post.held()
        with self.post.archive.transaction():
            for table in ("stream", "record", "file_chunk", "file", "stick", "command"):
                self.post.archive.execute(f"DELETE FROM {table}")
        custody.new_generation(self.post.archive)
