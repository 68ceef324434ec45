"""What is written down in a visit: each tap is kept by itself, corrected by another, never lost."""

from __future__ import annotations

import os
from datetime import date, timedelta

import pytest
from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st

from edge.medicines import given as medicines
from edge.medicines.given import GivenMedicine
from edge.model.errors import ActionRefused, InvalidForm, NotFound
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store import journal, taken_back
from edge.store.store import Store
from edge.visits import moving, note_patch, notes, pregnancy, visits
from edge.visits.note_patch import Patch
from edge.visits.visits import Visit


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Sita"), None).id


@pytest.fixture
def visit(store: Store, hand: HandClock, sita: str) -> Visit:
    return visits.open_visit(store, hand.now(), sita, actor="w1")


def kinds(store: Store) -> list[str]:
    return [entry.kind for _, entry in journal.since(store, 0)]


def test_a_tap_is_an_entry_with_what_the_field_was(
    store: Store, hand: HandClock, visit: Visit
) -> None:
    notes.say(store, hand.now(), visit.id, "reason", "wound", actor="w1")
    notes.say(store, hand.now(), visit.id, "reason", "pregnancy", actor="w1")
    note = notes.say(store, hand.now(), visit.id, "complaints", "fever", actor="w1")
    assert note.text("reason") == "pregnancy"
    assert note.words("complaints") == ("fever",)
    bodies = [e.body for _, e in journal.since(store, 0) if e.kind == "visit-note"]
    assert [b["set"] for b in bodies] == [
        {"reason": "wound"},
        {"reason": "pregnancy"},
        {"complaints": {"add": ["fever"]}},
    ]
    assert bodies[1]["was"] == {"reason": "wound"}


def test_saying_the_same_again_writes_nothing(store: Store, hand: HandClock, visit: Visit) -> None:
    for _ in range(2):
        notes.say(store, hand.now(), visit.id, "found", " Rash on both arms ", actor="w1")
        notes.say(store, hand.now(), visit.id, "complaints", "rash", actor="w1")
    assert kinds(store).count("visit-note") == 2
    assert notes.of_visit(store, visit.id).text("found") == "Rash on both arms"


def test_a_danger_sign_is_present_or_asked_about_or_not(
    store: Store, hand: HandClock, visit: Visit
) -> None:
    def known(said: str) -> bool | None:
        note = notes.say_sign(store, hand.now(), visit.id, "convulsion", said, actor="w1")
        return note.sign("convulsion")

    assert notes.of_visit(store, visit.id).sign("convulsion") is None
    assert [known(s) for s in ("present", "absent", "not-asked")] == [True, False, None]
    with pytest.raises(InvalidForm):
        known("perhaps")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("dream", "x", "unknown"),
        ("reason", "boredom", "unknown"),
        ("complaints", "boredom", "unknown"),
        ("pregnant", "perhaps", "unknown"),
        ("gestation_weeks", "46", "impossible"),
        ("lmp", "yesterday", "format"),
        ("lmp", "2999-01-01", "future"),
        ("found", "x" * 2001, "too-long"),
        ("found", "a\x00b", "format"),
    ],
)
def test_what_cannot_be_is_named_and_not_kept(
    store: Store, hand: HandClock, visit: Visit, name: str, value: str, problem: str
) -> None:
    with pytest.raises(InvalidForm) as refused:
        notes.say(store, hand.now(), visit.id, name, value, actor="w1")
    assert refused.value.fields == {name: problem}
    assert "visit-note" not in kinds(store)


def test_weeks_follow_from_the_last_period(store: Store, hand: HandClock, visit: Visit) -> None:
    lmp = visit.day - timedelta(days=7 * 30 + 3)
    note = notes.say(store, hand.now(), visit.id, "lmp", lmp.isoformat(), actor="w1")
    assert note.gestation_weeks == 30
    assert pregnancy.expected_birth(date(2026, 1, 1)) == date(2026, 10, 8)
    assert pregnancy.gestation(visit.day, lmp) is None


NAMES = ("a", "b", "list")
CHANGES = st.one_of(
    st.builds(lambda n, v: {n: v}, st.sampled_from("ab"), st.sampled_from(["", "x", "y", None])),
    st.builds(
        lambda add, remove: {"list": {"add": add, "remove": remove}},
        st.lists(st.sampled_from("pqr"), max_size=2, unique=True),
        st.lists(st.sampled_from("pqr"), max_size=2, unique=True),
    ),
)


@given(st.lists(CHANGES, max_size=12))
def test_undoing_each_change_backwards_leads_to_the_beginning(patches: list[Patch]) -> None:
    state: note_patch.State = {}
    undone: list[Patch] = []
    for patch in patches:
        undone.append(note_patch.undoing(state, patch))
        state = note_patch.applied(state, patch)
        assert note_patch.from_json(note_patch.to_json(state)) == state
    for patch in reversed(undone):
        state = note_patch.applied(state, patch)
    assert state == {}


def test_two_stations_write_into_one_visit_and_lose_nothing(
    store: Store, hand: HandClock, visit: Visit
) -> None:
    other = Store.open(store._path)
    try:
        for word, one in (("fever", store), ("cough", other), ("rash", store)):
            notes.say(one, hand.now(), visit.id, "complaints", word, actor="w1")
        assert notes.of_visit(other, visit.id).words("complaints") == ("fever", "cough", "rash")
    finally:
        other.close()


def test_a_patient_keeps_the_number_of_the_queue_for_the_day(
    store: Store, hand: HandClock, visit: Visit, sita: str
) -> None:
    ram = register.register(store, hand.now(), PatientForm("Ram"), None).id
    second = visits.open_visit(store, hand.now(), ram, actor="w1")
    again = visits.open_visit(store, hand.now(), sita, actor="w1")
    alone = visits.open_visit(store, hand.now(), ram, actor=None, mode="alone")
    hand.advance(24 * 3600)
    tomorrow = visits.open_visit(store, hand.now(), ram, actor="w1")
    numbers = [v.number for v in (visit, second, again, alone, tomorrow)]
    assert numbers == [1, 2, 1, None, 1]


def test_a_visit_from_paper_has_the_day_that_was_written(
    store: Store, hand: HandClock, visit: Visit, sita: str
) -> None:
    day = visit.day - timedelta(days=27)
    old = visits.open_paper(store, hand.now(), sita, day, "wound", actor="w1")
    assert visits.current(store, hand.now()) == visits.get(store, visit.id)
    note = notes.say(store, hand.now(), old.id, "found", "Clean", actor="w1")
    assert (note.day, note.paper, old.number) == (day, True, None)
    future = visit.day + timedelta(days=1)
    with pytest.raises(InvalidForm):
        visits.open_paper(store, hand.now(), sita, future, None, actor="w1")


def test_a_medicine_is_taken_back_and_stays(store: Store, hand: HandClock, visit: Visit) -> None:
    kept = medicines.record(store, hand.now(), visit.id, GivenMedicine(medicine="ors"), actor="w1")
    said = taken_back.take_back(store, hand.now(), kept.entry, "wrong patient", actor="w1")
    assert taken_back.take_back(store, hand.now(), kept.entry, "again", actor="w1") == said
    (row,) = medicines.of_visit(store, visit.id)
    assert row.taken_back
    assert kinds(store).count("taken-back") == 1
    with pytest.raises(ActionRefused):
        taken_back.take_back(store, hand.now(), visit.entry, "", actor="w1")
    with pytest.raises(NotFound):
        taken_back.take_back(store, hand.now(), 10**6, "", actor="w1")


def test_a_moved_visit_takes_its_note_and_medicines_with_it(
    store: Store, hand: HandClock, visit: Visit, sita: str
) -> None:
    ram = register.register(store, hand.now(), PatientForm("Ram"), None).id
    notes.say(store, hand.now(), visit.id, "found", "Rash", actor="w1")
    medicines.record(store, hand.now(), visit.id, GivenMedicine(medicine="ors"), actor="w1")
    moving.move(store, hand.now(), visit.id, ram, visit.id, actor="w1")
    assert visits.get(store, visit.id).patient_id == ram
    assert notes.of_visit(store, visit.id).text("found") == "Rash"
    assert [m.visit_id for m in medicines.of_patient(store, [ram])] == [visit.id]
    assert medicines.of_patient(store, [sita]) == []
    assert moving.of_patient(store, [sita]) == moving.of_patient(store, [ram]) != []
    with pytest.raises(ActionRefused):
        moving.move(store, hand.now(), visit.id, ram, visit.id, actor="w1")


def test_a_process_that_dies_while_a_visit_moves_leaves_all_or_nothing(
    store: Store, hand: HandClock, visit: Visit, sita: str
) -> None:
    ram = register.register(store, hand.now(), PatientForm("Ram"), None).id
    notes.say(store, hand.now(), visit.id, "found", "Rash", actor="w1")
    medicines.record(store, hand.now(), visit.id, GivenMedicine(medicine="ors"), actor="w1")
    before, path, now = kinds(store), store._path, hand.now()
    child = os.fork()
    if child == 0:
        other = Store.open(path)
        with other.transaction():
            moving.move(other, now, visit.id, ram, visit.id, actor="w1")
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert kinds(store) == before
    assert notes.of_visit(store, visit.id).text("found") == "Rash"
    assert visits.get(store, visit.id).patient_id == sita
    assert [m.visit_id for m in medicines.of_patient(store, [sita])] == [visit.id]
    assert medicines.of_patient(store, [ram]) == []
