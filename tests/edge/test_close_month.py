"""A closed month stays as it was stated; what came later is stated again, with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hand_clock import HandClock

from edge.model.clock import ClockQuality
from edge.model.entry import Entry
from edge.model.errors import ActionRefused
from edge.patients import register
from edge.patients.form import PatientForm
from edge.reports import box_facts, closing
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits


def clock(text: str) -> HandClock:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return HandClock(wall_ms=int(moment.timestamp() * 1000))


@pytest.fixture
def hand(store: Store) -> HandClock:
    """The 16th of January, on a box whose offset is stated."""
    hand = clock("2027-01-16T08:00:00")
    box_facts.state_offset(store, hand.now(), 300)
    return hand


@pytest.fixture
def who(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Sita"), None).id


def paper(store: Store, hand: HandClock, who: str, day: str) -> None:
    visits.open_paper(store, hand.now(), who, date.fromisoformat(day), None, actor=None)


def refusal(store: Store, hand: HandClock, month: str, why: str | None = None) -> str:
    try:
        if why is None:
            closing.close(store, hand.now(), month, None)
        else:
            closing.restate(store, hand.now(), month, why, None)
    except ActionRefused as error:
        return error.kind
    return "done"


def test_late_entries_change_only_a_visible_restatement(
    store: Store, hand: HandClock, who: str
) -> None:
    paper(store, hand, who, "2026-12-03")
    first = closing.close(store, hand.now(), "2026-12", None)
    paper(store, hand, who, "2026-12-04")
    state = closing.state(store, "2026-12")
    assert state.closed == first
    assert ("visits.all", 1, 2) in state.differences
    again = closing.restate(store, hand.now(), "2026-12", " a visit\n from paper ", None)
    assert (again.restates, again.why) == (1, "a visit from paper")
    assert again.differences == tuple(state.differences)
    after = closing.state(store, "2026-12")
    assert after.stated == (first, again)
    assert after.differences == []


def test_each_statement_is_an_entry(store: Store, hand: HandClock, who: str) -> None:
    paper(store, hand, who, "2026-12-03")
    stated = closing.close(store, hand.now(), "2026-12", None)
    [entry] = [e for _, e in journal.since(store, 0) if e.kind == "month"]
    assert isinstance(entry, Entry)
    assert (entry.body["month"], entry.body["sha256"]) == ("2026-12", stated.sha256)


def test_what_cannot_be_closed_or_stated_again_is_said(
    store: Store, hand: HandClock, who: str
) -> None:
    assert refusal(store, hand, "2027-01") == "open"
    assert refusal(store, hand, "2026-12", "late") == "not-closed"
    closing.close(store, hand.now(), "2026-12", None)
    assert refusal(store, hand, "2026-12") == "closed"
    assert refusal(store, hand, "2026-12", "late") == "same"
    paper(store, hand, who, "2026-12-04")
    assert refusal(store, hand, "2026-12", "  ") == "why"


def test_a_month_is_closed_by_itself_on_its_day(store: Store, hand: HandClock, who: str) -> None:
    paper(store, hand, who, "2026-11-04")
    assert closing.close_due(store, clock("2027-01-15T18:00:00").now(), 16) == ["2026-11"]
    # in Pakistan the 16th has begun
    assert closing.close_due(store, clock("2027-01-15T19:00:00").now(), 16) == ["2026-12"]
    assert closing.close_due(store, hand.now(), 16) == []


def test_nothing_is_closed_by_a_clock_that_nobody_vouched_for_or_against_the_setting(
    store: Store, hand: HandClock, who: str
) -> None:
    paper(store, hand, who, "2026-12-04")
    assert closing.close_due(store, hand.now(), 0) == []
    hand.quality = ClockQuality.UNSURE
    assert closing.close_due(store, hand.now(), 16) == []


def test_the_clinics_offset_is_stated_once_and_again_when_it_changes(store: Store) -> None:
    hand = HandClock()
    said = box_facts.state_offset(store, hand.now(), None)
    assert box_facts.state_offset(store, hand.now(), None) == said
    assert box_facts.state_offset(store, hand.now(), 330, 4) == 330
    assert box_facts.state_offset(store, hand.now(), None) == 330
    bodies = [e.body for _, e in journal.since(store, 0) if e.kind == "setting"]
    assert [(b["value"], b["rev"]) for b in bodies] == [(str(said), 0), ("330", 4)]
