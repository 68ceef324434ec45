"""The one door by which a reading enters: accepted, refused, held already, whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hand_clock import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readings import cuff, pressure

from edge.model.entry import Lane, content_id
from edge.model.errors import ActionRefused, NotFound
from edge.model.reading import LEFT_OUT, Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import bodies, history, intake
from edge.readings.intake import AcceptedReading, Duplicate, RejectedReading
from edge.rules import plausibility
from edge.store import journal, outbox
from edge.store.store import Store
from edge.visits import visits

NOON = datetime.fromisoformat("2026-11-23T12:00:00")  # a device's clock has no zone


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> str:
    form = PatientForm("Sita", "female", birth="1950")
    return register.register(store, hand.now(), form, "w1").id


def accepted(store: Store, reading: Reading, **how: int) -> AcceptedReading:
    outcome = intake.accept(store, reading, **how)
    assert isinstance(outcome, AcceptedReading)
    return outcome


def test_a_reading_is_entry_row_and_place_in_the_stream(store: Store, hand: HandClock) -> None:
    outcome = accepted(store, cuff(hand.now(), time=NOON, record="7"))
    entry = journal.read(store, outcome.entry)
    assert entry is not None
    assert (entry.kind, entry.at) == ("reading", hand.now())
    assert entry.body == {
        "kind": "blood-pressure",
        "source": "device",
        "device": "ble-cuff",
        "time": "2026-11-23T12:00:00",
        "record": "7",
        "values": [
            ["8480-6", "120", "mm[Hg]"],
            ["8462-4", "80", "mm[Hg]"],
            ["8867-4", "72", "/min"],
        ],
    }
    [queued] = outbox.records(store, Lane.CLINICAL, 1, 10)
    assert queued.record == entry.canonical()
    recorded = history.one(store, outcome.entry)
    assert recorded is not None
    assert recorded.values == pressure()
    assert (recorded.device_time, recorded.tray, recorded.confirmed) == (NOON, "waiting", False)


@pytest.mark.parametrize(
    ("values", "kind"),
    [((), "no-values"), (pressure(301, 80), "out-of-range"), (pressure(80, 80), "crossed"),
     ((Value(Code.TEMPERATURE, Decimal("98.6"), "[degF]"),), "unit")],
)  # fmt: skip
def test_the_impossible_is_kept_as_bytes_with_its_reason(
    store: Store, hand: HandClock, values: tuple[Value, ...], kind: str
) -> None:
    outcome = intake.accept(store, cuff(hand.now(), values))
    assert isinstance(outcome, RejectedReading)
    assert outcome.why.kind == kind
    entry = journal.read(store, outcome.entry)
    assert entry is not None
    assert (entry.kind, entry.body["why"], entry.body["raw"]) == ("rejected", kind, "0078")
    assert store.scalar("SELECT count(*) FROM reading") == 0
    assert [r.why for r in history.refused(store, 0)] == [kind]


@pytest.mark.parametrize(
    ("code", "number", "unit"),
    [
        (Code.MEAN_PRESSURE, "0", "mm[Hg]"),
        (Code.MEAN_PRESSURE, "999", "mm[Hg]"),
        (Code.PULSE, "999", "/min"),
    ],
)
def test_an_impossible_value_beside_a_pressure_does_not_take_it_away(
    store: Store, hand: HandClock, sita: str, code: str, number: str, unit: str
) -> None:
    visits.open_visit(store, hand.now(), sita, actor="w1")
    beside = Value(code, Decimal(number), unit)
    values = (*(v for v in pressure(225, 130) if v.code != code), beside)
    outcome = accepted(store, cuff(hand.now(), values))
    recorded = history.one(store, outcome.entry)
    assert recorded is not None
    assert recorded.values == values[:-1]
    assert recorded.quality == (LEFT_OUT,)
    assert outcome.alerts


def test_bytes_that_no_decoder_understands_are_kept_too(store: Store, hand: HandClock) -> None:
    outcome = intake.refuse(store, cuff(hand.now(), ()), "truncated", "7 of 19 bytes came")
    [refusal] = history.refused(store, 0)
    assert (refusal.entry, refusal.why, refusal.text) == (
        outcome.entry,
        "truncated",
        "7 of 19 bytes came",
    )
    assert history.refused(store, outcome.entry) == []


def test_a_doubtful_value_is_kept_and_asked_about(store: Store, hand: HandClock) -> None:
    outcome = accepted(store, cuff(hand.now(), pressure(185, 112)))
    assert [w.name for w in outcome.warnings] == ["systolic", "diastolic"]
    recorded = history.one(store, outcome.entry)
    assert recorded is not None
    assert recorded.warnings == ("systolic", "diastolic")


def test_the_same_measurement_from_a_memory_is_held_once(store: Store, hand: HandClock) -> None:
    first = accepted(store, cuff(hand.now(), time=NOON, record="7"))
    hand.advance(3600)
    again = cuff(hand.now(), time=NOON, record="7", stored=True)
    before = store.journal_position()
    assert intake.accept(store, again) == Duplicate(first.entry)
    assert store.journal_position() == before
    for other in (
        cuff(hand.now(), time=NOON, record="8"),
        cuff(hand.now(), time=NOON, record="7", device="ble-other"),
        cuff(hand.now(), pressure(121), time=NOON, record="7"),
    ):
        accepted(store, other)


def test_without_time_or_number_nothing_can_be_called_the_same(
    store: Store, hand: HandClock
) -> None:
    accepted(store, cuff(hand.now()))
    accepted(store, cuff(hand.now()))
    assert store.scalar("SELECT count(*) FROM reading") == 2


def test_a_reading_in_a_visit_belongs_to_its_patient(
    store: Store, hand: HandClock, sita: str
) -> None:
    visit = visits.open_visit(store, hand.now(), sita, actor="w1")
    hand.advance(60)
    outcome = accepted(store, cuff(hand.now()))
    [recorded] = history.of_visit(store, visit.id)
    assert (recorded.patient_id, recorded.actor, recorded.tray) == (sita, "w1", None)
    assert outcome.patient_id == sita
    assert history.of_patient(store, sita) == [recorded]
    assert history.tray_count(store) == 0


def test_a_reading_keeps_a_visit_awake(store: Store, hand: HandClock, sita: str) -> None:
    visits.open_visit(store, hand.now(), sita, actor="w1")
    for _ in range(4):
        hand.advance(400)
        assert accepted(store, cuff(hand.now())).patient_id == sita
    hand.advance(601)
    assert accepted(store, cuff(hand.now())).patient_id is None


@pytest.mark.parametrize("how", ["closed", "idle", "restarted", "never opened"])
def test_outside_a_visit_a_reading_waits_in_the_tray(
    store: Store, hand: HandClock, sita: str, how: str
) -> None:
    if how != "never opened":
        visits.open_visit(store, hand.now(), sita, actor="w1")
    if how == "closed":
        visits.close_visit(store, hand.now(), why="finished")
    elif how == "idle":
        hand.advance(601)
    elif how == "restarted":
        hand.restart(t_ms=hand.now().t_ms)
    outcome = accepted(store, cuff(hand.now()))
    assert outcome.patient_id is None
    assert [r.entry for r in history.in_tray(store)] == [outcome.entry]


@pytest.mark.parametrize(
    ("age_s", "theirs"),
    [(None, True), (0, True), (60, True), (90, True), (91, False), (86_400, False)],
)
def test_what_was_measured_before_the_visit_is_not_its(
    store: Store, hand: HandClock, sita: str, age_s: int | None, theirs: bool
) -> None:
    visits.open_visit(store, hand.now(), sita, actor="w1")
    hand.advance(60)
    outcome = intake.accept(store, cuff(hand.now()), age_s=age_s)
    assert isinstance(outcome, AcceptedReading)
    assert outcome.patient_id == (sita if theirs else None)


def test_a_devices_memory_is_never_guessed_to_be_anybodys(
    store: Store, hand: HandClock, sita: str
) -> None:
    visits.open_visit(store, hand.now(), sita, actor="w1")
    assert accepted(store, cuff(hand.now(), stored=True)).patient_id is None


def test_a_typed_reading_says_itself_whose_it_is(store: Store, hand: HandClock, sita: str) -> None:
    outcome = accepted(store, cuff(hand.now(), device=None, patient=sita))
    recorded = history.one(store, outcome.entry)
    assert recorded is not None
    assert (recorded.source, recorded.patient_id, recorded.model) == ("typed", sita, None)


def test_claiming_gives_a_waiting_reading_to_a_person(
    store: Store, hand: HandClock, sita: str
) -> None:
    waiting = accepted(store, cuff(hand.now(), pressure(85, 50, 135)))
    assert waiting.alerts == ()
    intake.claim(store, hand.now(), waiting.entry, sita, actor="w2")
    recorded = history.one(store, waiting.entry)
    assert recorded is not None
    assert (recorded.patient_id, recorded.tray) == (sita, "claimed")
    held = journal.read(store, waiting.entry)
    assert held is not None
    claim, *alerts = [e for _, e in journal.since(store, waiting.entry)]
    reading_id = str(content_id("box-test", held.canonical()))
    assert (claim.kind, claim.actor) == ("claim", "w2")
    assert claim.body == {"reading": reading_id, "patient": sita}
    assert {a.kind for a in alerts} == {"assessment", "alert"}
    assert "systolic" in [a.body.get("parameter") for a in alerts]
    assert history.urgent(store, [waiting.entry]) == {waiting.entry}


def test_a_reading_is_claimed_once(store: Store, hand: HandClock, sita: str) -> None:
    one, other = accepted(store, cuff(hand.now())), accepted(store, cuff(hand.now()))
    intake.claim(store, hand.now(), one.entry, sita, actor="w1")
    intake.discard(store, hand.now(), other.entry, "a test by the technician", actor="t1")
    before = store.journal_position()
    for entry in (one.entry, other.entry):
        with pytest.raises(ActionRefused) as refused:
            intake.claim(store, hand.now(), entry, sita, actor="w2")
        assert refused.value.kind == "already-claimed"
    with pytest.raises(ActionRefused):
        intake.discard(store, hand.now(), one.entry, "again", actor="w2")
    assert (store.journal_position(), history.tray_count(store)) == (before, 0)


def test_claims_need_a_patient_and_a_reading(store: Store, hand: HandClock, sita: str) -> None:
    waiting = accepted(store, cuff(hand.now()))
    with pytest.raises(NotFound, match="no patient"):
        intake.claim(store, hand.now(), waiting.entry, "nobody", actor="w1")
    with pytest.raises(NotFound, match="no reading"):
        intake.claim(store, hand.now(), 999, sita, actor="w1")
    assert history.tray_count(store) == 1


def test_an_urgent_value_raises_an_alert_in_the_fast_lane(
    store: Store, hand: HandClock, sita: str
) -> None:
    outcome = accepted(store, cuff(hand.now(), pressure(90, 60), device=None, patient=sita))
    alert_id = outcome.alerts[0]
    alert = journal.read(store, alert_id)
    reading = journal.read(store, outcome.entry)
    assert alert is not None
    assert reading is not None
    identity = str(content_id("box-test", reading.canonical()))
    assert UUID(identity).version == 8
    assert alert.body == {
        "rule": "news2",
        "assessment": alert.body["assessment"],
        "level": "urgent",
        "parameter": "systolic",
        "value": ["8480-6", "90", "mm[Hg]"],
        "bound": "90",
        "patient": sita,
        "reading": identity,
    }
    assert [q.record for q in outbox.records(store, Lane.ALERT, 1, 9)] == [alert.canonical()]


def test_no_alert_of_adults_for_a_child_or_an_unknown_age(store: Store, hand: HandClock) -> None:
    for birth in ("2015", ""):
        form = PatientForm("Child", birth=birth)
        child = register.register(store, hand.now(), form, None).id
        outcome = accepted(store, cuff(hand.now(), pressure(95, 50), device=None, patient=child))
        assert outcome.alerts == ()


values = st.builds(
    Value,
    st.sampled_from([*Code, "99999-9"]),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from(["mm[Hg]", "/min", "%", "Cel", "kg", "[lb_av]", ""]),
    st.sampled_from(["", "<", ">"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(values, max_size=4), st.sampled_from(Kind))
def test_any_values_are_accepted_exactly_or_refused_with_a_reason(
    store: Store, measured: list[Value], kind: Kind
) -> None:
    now = HandClock().now()
    reading = replace(cuff(now), measured=Measurement(kind, tuple(measured)))
    outcome = intake.accept(store, reading)
    entry = journal.read(store, outcome.entry)
    assert entry is not None
    if isinstance(outcome, RejectedReading):
        assert entry.body["text"]
    else:
        sent = plausibility.without_impossible(reading.measured)
        assert bodies.values_of(entry.body) == sent.values


def test_readings_accepted_together_are_all_there_or_none(store: Store, hand: HandClock) -> None:
    first = cuff(hand.now(), time=NOON, record="1")
    second = cuff(hand.now(), time=NOON, record="2")
    kept = intake.accept_all(store, [(first, None), (second, 5), (first, None)])
    assert [type(outcome) for outcome in kept] == [AcceptedReading, AcceptedReading, Duplicate]
    before = store.journal_position()
    third = cuff(hand.now(), time=NOON, record="3")
    with pytest.raises(ValueError, match="float"):
        intake.accept_all(store, [(third, None), (replace(third, actor=1.5, device_id="x"), None)])
    assert store.journal_position() == before
    assert isinstance(intake.accept(store, third), AcceptedReading)


def test_a_commit_of_twenty_readings_writes_few_pages(store: Store, hand: HandClock) -> None:
    readings = []
    for number in range(400):
        device, time = f"ble-{number % 6}", NOON + timedelta(seconds=7 * number)
        reading = cuff(hand.advance(1), time=time, record=str(number), device=device)
        readings.append((reading, None))
    before = _log_frames(store)
    for first in range(0, 400, 20):
        intake.accept_all(store, readings[first : first + 20])
    # 27 a commit; an index in random order of the readings would take as many pages as readings.
    assert (_log_frames(store) - before) / 20 < 35


def _log_frames(store: Store) -> int:
    """Return how many pages SQLite has appended to its write-ahead log since it was made."""
    file = Path(str(store.rows("PRAGMA database_list")[0]["file"]) + "-wal")
    page = store.scalar("PRAGMA page_size")
    return file.stat().st_size // (page + 24)
