"""Notifiable diseases: reported the same day, counted by week, suggested and never by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st

from edge.model.age import from_birth
from edge.model.entry import EntryKind, Lane
from edge.model.errors import InvalidForm, SettingsError
from edge.notifications import diseases, notifications, weeks
from edge.notifications.notifications import NewCase
from edge.notifications.weeks import Case, Week
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store import journal, outbox
from edge.store.store import Store
from edge.visits.complaints import COMPLAINTS
from edge.visits.visit_words import DANGER_SIGNS

DAYS = st.dates(date(2000, 1, 3), date(2099, 12, 31))
TODAY = date(2026, 11, 30)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Sita", age="30"), None).id


@given(DAYS)
def test_a_day_lies_in_its_week_and_the_week_before_is_seven_days_earlier(day: date) -> None:
    week = Week.of(day)
    assert week.first <= day <= week.last
    assert (week.first.isoweekday(), week.last.isoweekday()) == (1, 7)
    assert Week.parse(week.word) == week
    assert (week.first - week.before().first).days == 7


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (date(2026, 12, 31), "2026-w53"),
        (date(2027, 1, 3), "2026-w53"),
        (date(2027, 1, 4), "2027-w01"),
        (date(2024, 12, 30), "2025-w01"),
    ],
)
def test_the_turn_of_the_year_is_as_iso_8601_has_it(day: date, word: str) -> None:
    assert Week.of(day).word == word


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-w54", "2026-w00", "2026-w5", "x-w01", "²²²²-w01"]
)
def test_what_is_no_week_is_none(text: str) -> None:
    assert Week.parse(text) is None


def test_a_count_is_the_same_in_any_order_and_leaves_out_what_was_ruled_out() -> None:
    cases = [
        Case("measles", "2026-11-23", "suspected"),
        Case("measles", "2026-11-29", "confirmed"),
        Case("cholera", "2026-11-25", "ruled-out"),
        Case("measles", "2026-11-30", "suspected"),
        Case("cholera", "no day", "suspected"),
    ]
    counted = weeks.count(cases, Week(2026, 48))
    assert (counted.suspected, counted.confirmed) == ({"measles": 1}, {"measles": 1})
    assert weeks.count(reversed(cases), Week(2026, 48)) == counted
    assert not weeks.count([], Week(2026, 48)).is_reported
    assert weeks.count([Case("none", "2026-12-01", "none", "2026-w48")], Week(2026, 48)).is_zero


def test_a_case_goes_into_the_alert_lane_and_is_delivered_by_a_receipt(
    store: Store, hand: HandClock, sita: str
) -> None:
    case = notifications.report(store, hand.now(), NewCase(sita, None, "measles"), None)
    [entry] = [e for _, e in journal.since(store, 0) if e.kind == EntryKind.NOTIFICATION]
    assert entry.body["day"] == hand.now().wall.astimezone().date().isoformat()
    assert notifications.get(store, case).received_ms is None
    last = outbox.state(store, Lane.ALERT).last
    outbox.mark_custody(store, Lane.ALERT, last, 0, hand.now())
    assert notifications.get(store, case).received_ms == hand.now().wall_ms


def test_a_week_without_a_case_is_said_once_and_only_when_it_is_over(
    store: Store, hand: HandClock, sita: str
) -> None:
    this = Week.of(hand.now().wall.astimezone().date())
    assert notifications.report_none(store, hand.now(), this, None) is None
    assert notifications.report_none(store, hand.now(), this.before(), None) is not None
    assert notifications.report_none(store, hand.now(), this.before(), None) is None
    assert notifications.count(store, this.before()).is_zero
    notifications.report(store, hand.now(), NewCase(sita, None, "cholera"), None)
    hand.advance(7 * 24 * 3600)
    assert notifications.report_none(store, hand.now(), this, None) is None


@pytest.mark.parametrize("onset", ["2099-01-01", "yesterday"])
def test_a_first_sign_that_has_not_come_is_asked_for_again(
    store: Store, hand: HandClock, sita: str, onset: str
) -> None:
    with pytest.raises(InvalidForm):
        notifications.report(store, hand.now(), NewCase(sita, None, "measles", onset), None)


def test_every_word_of_the_list_is_one_that_a_visit_can_say() -> None:
    known = {*COMPLAINTS, *DANGER_SIGNS}
    for one in diseases.packaged().diseases.values():
        for together in one.suggested_by:
            assert {word for word in together if not word.startswith("test:")} <= known, one.word


@pytest.mark.parametrize(
    ("words", "birth", "found"),
    [
        ({"fever", "rash"}, "1990", ["measles"]),
        ({"fever"}, "1990", []),
        ({"weak-side"}, "2020", ["acute-flaccid-paralysis"]),
        ({"weak-side"}, "1960", []),
        ({"weak-side"}, None, ["acute-flaccid-paralysis"]),
        ({"fits"}, "2026-11-20", ["neonatal-tetanus"]),
        ({"fits"}, "2026-10-01", []),
        ({"test:94558-4:positive"}, "1990", ["influenza-like-or-covid"]),
        ({"blood-in-stool", "diarrhoea"}, "1990", ["acute-watery-diarrhoea", "bloody-diarrhoea"]),
    ],
)
def test_what_is_said_suggests_a_disease(
    words: set[str], birth: str | None, found: list[str]
) -> None:
    listed, age = diseases.packaged(), from_birth(birth, TODAY)
    assert [one.word for one in diseases.suggested(listed, words, age)] == found


def test_a_sites_own_list_replaces_the_packaged_one(tmp_path: Path) -> None:
    own = '[list]\nid="own"\nversion="2"\nstatus="signed"\ncitations=["Ministry, 2026"]\n'
    row = '[[disease]]\nword="dengue"\nlabel="Dengue"\ndefinition="Fever."\nchecked="Ministry"\n'
    (tmp_path / diseases.FILE).write_text(own + row, encoding="utf-8")
    assert list(diseases.load(tmp_path).diseases) == ["dengue"]
    (tmp_path / diseases.FILE).write_text(own + row.replace('label="Dengue"', ""), "utf-8")
    fallen = diseases.load(tmp_path)
    assert "disease 1: label is missing" in fallen.problem
    assert "measles" in fallen.diseases


@pytest.mark.parametrize("text", ["", "[list", "[list]\nid=1", "[[disease]]\nword=1"])
def test_a_list_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError):
        diseases.parse(text)
