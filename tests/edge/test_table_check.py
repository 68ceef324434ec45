"""What is shown and was not recorded so is told, and never repaired in silence."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.jobs import check_records
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake, retract
from edge.settings.box_settings import Settings
from edge.store import issues, losses, table_check
from edge.store.store import Store


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "box-test", "Clinic")


@pytest.fixture
def two(store: Store, hand: HandClock) -> tuple[str, str]:
    """Two patients; one has a corrected name, one a reading that was in the tray before."""
    sita = register.register(store, hand.now(), PatientForm("Sita", birth="1950", card="77"), "w1")
    gita = register.register(store, hand.now(), PatientForm("Gita", age="40"), "w1")
    register.correct(store, hand.now(), sita.id, {"name": "Sita Devi"}, "w1")
    for person in (sita, gita):
        done = intake.accept(
            store, cuff(hand.advance(60), pressure(120, 80, 95), patient=person.id)
        )
        assert isinstance(done, intake.AcceptedReading)
    retract.to_tray(store, hand.now(), done.entry, actor="w1")
    intake.claim(store, hand.now(), done.entry, sita.id, actor="w1")
    retract.strike(store, hand.now(), done.entry, "measured-wrongly", actor="w1")
    return sita.id, gita.id


CHANGES = [
    ("patient", "UPDATE patient SET name = 'Rita' WHERE name = 'Sita Devi'"),
    ("patient", "UPDATE patient SET sex = 'male' WHERE name = 'Gita'"),
    ("patient", "UPDATE patient SET card = '78' WHERE card = '77'"),
    ("reading", "UPDATE reading SET kind = 'weight' WHERE tray IS NULL"),
    (
        "reading",
        "UPDATE reading SET patient_id = (SELECT id FROM patient WHERE name = 'Gita')"
        " WHERE tray IS NULL",
    ),
    ("reading", "UPDATE reading SET tray = NULL WHERE tray = 'discarded'"),
]


@pytest.mark.parametrize(("table", "sql"), CHANGES)
def test_a_changed_row_is_told_and_stays_as_it_is(
    store: Store,
    hand: HandClock,
    two: tuple[str, str],
    box_file: Path,
    settings: Settings,
    table: str,
    sql: str,
) -> None:
    check_records.run(store, settings, hand.now())
    assert issues.current(store) == []
    plain = sqlite3.connect(box_file)
    with plain:
        assert plain.execute(sql).rowcount == 1
    plain.close()
    for _ in range(2):
        check_records.run(store, settings, hand.now())
    [told] = issues.current(store)
    assert (told.kind, told.subject, told.detail) == ("records-damaged", "shown", "1")
    assert [name for name, _ in table_check.find(store)] == [table]

    assert losses.acknowledge(store, hand.now(), "tech") == 1
    check_records.run(store, settings, hand.now())
    assert issues.current(store) == []
    assert len(table_check.find(store)) == 1
