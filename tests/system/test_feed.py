"""The feed over a real broker, both engines: what one box learns, its neighbour learns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Broker, running
from eventually import eventually
from feed_pair import CLINIC, House
from postgres import Cluster, cluster

from edge.feed import command_log
from edge.feed import messages as box_told
from edge.feed import replica as replica
from edge.model.feed_item import Cursor, Entity, Item
from edge.patients import edits, register
from edge.patients.form import PatientForm
from hospital.feed import feed
from hospital.fleet import commands
from hospital.patients import messages
from hospital.views import chart

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path, broker: Broker) -> Iterator[House]:
    address = str(tmp_path / "archive.db")
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres").fresh()
    house = House(tmp_path, broker, address)
    yield house
    house.close()


def _agree(house: House) -> bool:
    with house.archive.transaction():
        theirs = feed.lock(house.archive, CLINIC)
        told = (Cursor(theirs.now.epoch, theirs.now.ver), theirs.sums())
    return all((replica.cursor(p.store), replica.sums(p.store)) == told for p in house.posts)


def test_a_patient_registered_at_one_box_is_found_at_the_other(house: House) -> None:
    one, two = (p.store for p in house.posts)
    zahra = register.register(
        one, one.clock().now(), PatientForm(name="Zahra Baloch", birth="1980", sex="female"), "w1"
    )
    assert edits.pending(one, zahra.id) >= {"name", "birth"}
    with house.linked():
        found = eventually(lambda: register.search(two, "zara baloch"))
        assert [p.id for p in found] == [zahra.id]
        eventually(lambda: not edits.pending(one, zahra.id))
        register.correct(two, two.clock().now(), zahra.id, {"village": "Mithi"}, "w2")
        eventually(lambda: register.get(one, zahra.id).village == "Mithi")
        eventually(lambda: not edits.pending(two, zahra.id))
        eventually(lambda: _agree(house))


def test_what_the_hospital_writes_comes_down_while_the_box_rests(house: House) -> None:
    with house.linked():
        eventually(lambda: all(replica.cursor(p.store).epoch for p in house.posts))
        body = {"patient": "p1", "text": "Twice a day, with food"}
        with house.archive.transaction():
            feed.put(house.archive, CLINIC, Item(Entity.REPLY, "r1", 1, body))
        store = house.posts[1].store
        [reply] = eventually(lambda: replica.items(store, Entity.REPLY, "p1"))
        assert reply.body == body
        with house.archive.transaction():
            feed.remove(house.archive, CLINIC, Entity.REPLY, "r1")
        eventually(lambda: not replica.items(store, Entity.REPLY))
        eventually(lambda: _agree(house))


def test_a_reply_reaches_the_boxes_is_read_at_one_and_the_desk_learns_both(house: House) -> None:
    store = house.posts[0].store
    form = PatientForm(name="Zahra Baloch", birth="1980", sex="female")
    zahra = register.register(store, store.clock().now(), form, "w1")

    def state() -> str:
        [one] = messages.about(house.archive, [zahra.id])
        return one.ways[0].state

    with house.linked():
        eventually(lambda: chart.patient(house.archive, zahra.id))
        messages.reply(house.archive, zahra.id, "Twice a day, with food", "dr", 1)
        eventually(lambda: state() == "reached")
        [one] = box_told.replies(store, zahra.id)
        assert box_told.note_seen(store, store.clock().now(), [one.key], "w1") == 1
        eventually(lambda: state() == "seen")


def test_a_command_is_carried_out_once_and_answered(house: House) -> None:
    box = house.posts[0].settings.box_id
    with house.linked():
        eventually(lambda: replica.cursor(house.posts[0].store).epoch)
        for kind in ("ping", "dance"):
            commands.create(house.archive, box, kind, {"why": "test"}, "admin", 1)
        told = eventually(lambda: _answered(house, box))
    assert told == [("ping", "done"), ("dance", "unknown")]
    assert [c.kind for c in command_log.answered(house.posts[0].store)] == ["ping", "dance"]
    assert command_log.answered(house.posts[1].store) == []


def _answered(house: House, box: str) -> list[tuple[str, str | None]]:
    found = commands.of_box(house.archive, box)
    done = all(d.answered_ms for d in found)
    return [(d.command.kind, d.outcome) for d in found] if done else []
