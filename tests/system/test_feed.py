"""The feed over a real broker, both engines: what one box learns, its neighbour learns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Broker, running
from eventually import eventually
from feed_pair import CLINIC, House
from postgres import Cluster, cluster
from readings import cuff, pressure

from edge.feed import command_log
from edge.feed import messages as box_told
from edge.feed import replica as replica
from edge.model.feed_item import Cursor, Entity, Item
from edge.patients import edits, register
from edge.patients.form import PatientForm
from edge.readings import alert_delivery, intake
from edge.readings.alert_delivery import AlertDelivery, DeliveryState
from edge.referrals import gather, referrals
from edge.referrals.referral import NewReferral, State, Urgency
from edge.store import journal
from edge.visits import visits
from hospital.accounts import accounts, rosters
from hospital.feed import feed
from hospital.fleet import commands
from hospital.patients import alert_notes, escalation, messages
from hospital.patients import referrals as desk_referrals
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


def test_a_referral_goes_up_its_answer_comes_down_and_is_read_by_name(house: House) -> None:
    store = house.posts[0].store
    form = PatientForm(name="Zahra Baloch", birth="1980", sex="female")
    zahra = register.register(store, store.clock().now(), form, "w1")
    new = NewReferral(zahra.id, None, "Chest pain", Urgency.URGENT, "District hospital")
    letter = gather.letter(store, store.clock().now(), zahra.id, None, ("Thar", "", "Sana"))
    made = referrals.make(store, store.clock().now(), new, letter.body(), "w1")

    def seen() -> bool:
        [one] = desk_referrals.answers(house.archive, made)
        return one.ways[0].state == "seen"

    with house.linked():
        found = eventually(lambda: desk_referrals.one(house.archive, made))
        assert found.summary.texts["name"] == "Zahra Baloch"
        answer = desk_referrals.NewAnswer("yes", "Angina", outcome="treated")
        desk_referrals.answer(house.archive, made, answer, ("dr", "Dr Aziz Khan"), 1)
        held = eventually(lambda: referrals.get(store, made).answer)
        assert (held.outcome, held.message.by) == ("treated", "Dr Aziz Khan")
        box_told.note_seen(store, store.clock().now(), [held.message.key], "w1")
        closed = referrals.Change(State.CLOSED, held.outcome)
        referrals.note(store, store.clock().now(), made, closed, "w1")
        eventually(seen)
        eventually(lambda: not desk_referrals.open_ones(house.archive))


def test_a_danger_is_received_asked_about_and_answered_by_a_named_person(house: House) -> None:
    store = house.posts[0].store
    form = PatientForm(name="Zahra Baloch", birth="1960", sex="female")
    zahra = register.register(store, store.clock().now(), form, "w1")
    visits.open_visit(store, store.clock().now(), zahra.id, actor="w1")
    [danger, *_] = intake.accept(store, cuff(store.clock().now(), pressure(85, 50, 135))).alerts
    accounts.put(house.archive, "dr-a", "a long enough password")
    accounts.describe(house.archive, "dr-a", "Dr Amina Shah", "0301 5550142")
    rosters.put(house.archive, rosters.ALL, rosters.ALL, ["dr-a"])

    def where() -> AlertDelivery:
        return alert_delivery.of(store, danger, store.clock().now(), "0232 261111")

    assert (where().state, where().telephone) == (DeliveryState.WAITING, "0232 261111")
    with house.linked():
        eventually(lambda: where().state is DeliveryState.RECEIVED)
        identity = journal.identity(store, danger)
        now_ms = store.clock().now().wall_ms
        escalation.pass_on(house.archive, now_ms, {escalation.OTHER: 60})
        eventually(lambda: where().who == "Dr Amina Shah")
        alert_notes.note(house.archive, identity, alert_notes.State.SEEN, "", "dr-a", now_ms)
        eventually(lambda: where().state is DeliveryState.SEEN)
        assert where().who == "Dr Amina Shah"


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
