"""The feed from a real archive of either engine into a real box file, without a link between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import open_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.feed import replica as replica
from edge.model.clock import Clock
from edge.model.feed_item import Cursor, Entity, Item, sums
from edge.patients import register
from edge.staff import staff
from edge.store.store import Store
from hospital.archive import Archive
from hospital.archive.outgoing import OutgoingFrame
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import custody, feed_answers
from sync.box.feed_client import FeedClient
from sync.core.feed_messages import decode_ask
from sync.frames.envelope import open_down
from sync.keys.keys import BoxKeys, HospitalKeys

HOSPITAL, KEYS = HospitalKeys.generate(), BoxKeys.generate()
CLINIC, NONCE = "Thar Post 7", b"session1"
BOX = Box("box-one", CLINIC, KEYS.public, "0a", 1)


class Line:
    """A box's feed courier and the hospital's answers; the line may die after some frames."""

    def __init__(self, archive: Archive, store: Store) -> None:
        self.archive, self.store = archive, store
        self.sizes: list[int] = []
        with archive.transaction():
            boxes.enter(archive, BOX)
            archive.execute("UPDATE box SET nonce = ?, epoch = 1 WHERE id = ?", (NONCE, BOX.id))

    def sync(self, frames: int = 1000) -> bool:
        """Follow one session for at most so many frames; whether it came to rest."""
        asks: list[bytes] = []
        courier = FeedClient(self.store, asks.append)
        courier.follow(NONCE, 0)
        while asks and frames:
            for sealed in self._answer(asks.pop(0)):
                frames -= 1
                self.sizes.append(len(sealed.payload))
                header, payload = open_down(sealed.payload, BOX.id, KEYS, HOSPITAL.public)
                courier.receive(header.nonce, payload, 0)
        return not asks

    def _answer(self, payload: bytes) -> list[OutgoingFrame]:
        with self.archive.transaction():
            held = custody.load(self.archive, BOX)
            return feed_answers.answer(self.archive, HOSPITAL, BOX, held, decode_ask(payload), 1)

    def put(self, entity: str, item_id: str, rev: int = 1, **body: object) -> None:
        with self.archive.transaction():
            feed.put(self.archive, CLINIC, Item(entity, item_id, rev, body))

    def remove(self, entity: str, item_id: str) -> None:
        with self.archive.transaction():
            feed.remove(self.archive, CLINIC, entity, item_id)

    def agree(self) -> bool:
        with self.archive.transaction():
            theirs = feed.lock(self.archive, CLINIC)
            items = theirs.scan(None, "", 10_000)
            counted = sums(items) == theirs.sums()
        at = Cursor(theirs.now.epoch, theirs.now.ver)
        same = replica.sums(self.store) == sums(items)
        return counted and same and replica.cursor(self.store) == at


@pytest.fixture
def line(archive: Archive, store: Store) -> Line:
    return Line(archive, store)


def people(line: Line, count: int) -> None:
    for n in range(count):
        name = "Zubaida" if n == 77 else f"Person {n} of {n * 7919 % 1000} and {n * 104729 % 9973}"
        line.put(Entity.PATIENT, f"p{n:04}", name=name, sex="female", phone=str(n * 7907))


def test_a_snapshot_resumes_where_the_line_died(line: Line) -> None:
    people(line, 600)
    rounds = 0
    while not line.sync(frames=2):
        rounds += 1
        held = len(replica.items(line.store, Entity.PATIENT)), replica.cursor(line.store).ver
        assert held in ((0, 0), (600, 600))  # nothing, or everything and its cursor
    assert rounds >= 2
    assert line.agree()
    assert max(line.sizes) <= 4096
    assert len(line.sizes) < 40  # nothing was fetched twice
    assert [p.id for p in register.search(line.store, "zubeda")] == ["p0077"]


def test_what_changes_under_a_snapshot_is_right_in_the_end(line: Line) -> None:
    people(line, 600)
    assert not line.sync(frames=3)
    line.put(Entity.PATIENT, "p0001", 2, name="Changed", sex="male")
    line.remove(Entity.PATIENT, "p0002")
    line.put(Entity.PATIENT, "p9999", 1, name="New", sex="male")
    assert line.sync()
    assert line.agree()
    assert register.get(line.store, "p0001").name == "Changed"
    assert register.search(line.store, "New")


def test_who_left_is_not_found_any_more_and_comes_back(line: Line) -> None:
    people(line, 3)
    line.sync()
    line.remove(Entity.PATIENT, "p0001")
    line.sync()
    assert "p0001" not in {p.id for p in register.search(line.store, "Person")}
    line.put(Entity.PATIENT, "p0001", 2, name="Person back", sex="female")
    line.sync()
    assert [p.id for p in register.search(line.store, "Person back")][:1] == ["p0001"]
    assert line.agree()


def test_a_restore_changes_the_epoch_and_brings_a_snapshot(line: Line) -> None:
    people(line, 3)
    line.sync()
    before = replica.cursor(line.store)
    custody.new_generation(line.archive)
    assert line.sync()
    assert replica.cursor(line.store).epoch != before.epoch
    assert line.agree()


def test_whoever_was_in_an_abandoned_snapshot_is_found_no_more(line: Line) -> None:
    people(line, 600)
    assert not line.sync(frames=2)
    assert register.count(line.store) > 0
    for n in range(600):
        line.remove(Entity.PATIENT, f"p{n:04}")
    custody.new_generation(line.archive)
    assert line.sync()
    assert line.agree()
    assert register.search(line.store, "Person") == []


def test_a_rotten_bucket_is_fetched_again_and_only_that(line: Line) -> None:
    people(line, 600)
    line.sync()
    with line.store.transaction():
        line.store.execute("DELETE FROM feed_item WHERE id = 'p0007'")
        line.store.execute("UPDATE patient SET name = 'rot' WHERE id = 'p0007'")
    line.sizes.clear()
    assert line.sync()
    assert line.agree()
    assert register.get(line.store, "p0007").name.startswith("Person 7")
    assert sum(line.sizes) < 8_000


def test_below_the_floor_a_snapshot_is_taken(line: Line) -> None:
    people(line, 5)
    line.sync()
    for n in range(3):
        line.remove(Entity.PATIENT, f"p{n:04}")
    assert feed.compact(line.archive, CLINIC, keep=1) == 7
    assert line.sync()
    assert line.agree()


def test_two_clinics_have_two_feeds(line: Line) -> None:
    people(line, 2)
    with line.archive.transaction():
        feed.put(line.archive, "Hunza", Item(Entity.PATIENT, "far", 1, {"name": "Far"}))
    line.sync()
    assert line.agree()
    assert register.search(line.store, "Far") == []


def test_staff_come_and_go_with_the_feed(line: Line, clock: Clock, tmp_path: Path) -> None:
    line.put(Entity.STAFF, "s1", name="Sana Malik", role="worker")
    line.sync()
    assert [(s.id, s.name) for s in staff.members(line.store)] == [("s1", "Sana Malik")]
    line.remove(Entity.STAFF, "s1")
    line.sync()
    assert staff.members(line.store) == []


def test_settings_and_content_are_there_to_be_read(line: Line) -> None:
    line.put(Entity.SETTING, "idle_s", value="90")
    line.put(Entity.CONTENT, "leaflet", sha256="00" * 32, size=100)
    line.sync()
    [setting] = replica.items(line.store, Entity.SETTING)
    assert json.dumps(setting.body) == '{"value": "90"}'
    assert [i.id for i in replica.items(line.store, Entity.CONTENT)] == ["leaflet"]


changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "sync", "cut", "restore", "compact"]), st.integers(0, 5)
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lone")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes)
def test_whatever_happens_the_replica_becomes_the_view(lone, story) -> None:
    number = len(list(lone.iterdir()))
    archive = open_at(str(lone / f"a{number}.db"))
    store = Store.create(lone / f"b{number}.db", "box-one")
    line = Line(archive, store)
    for rev, (what, n) in enumerate(story, 1):
        match what:
            case "put":
                line.put(Entity.PATIENT, f"p{n}", rev, name=f"Name {rev}", sex="male")
            case "remove":
                line.remove(Entity.PATIENT, f"p{n}")
            case "sync" | "cut":
                line.sync(frames=1 if what == "cut" else 1000)
            case "restore":
                custody.new_generation(archive)
            case "compact":
                feed.compact(archive, CLINIC, keep=n)
    assert line.sync()
    assert line.agree()
    archive.close()
    store.close()
