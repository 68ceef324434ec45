"""Where an alert is: not delivered until a receipt covers it, then who has it, seen by whom."""

from __future__ import annotations

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.feed import replica
from edge.model.entry import Lane
from edge.model.feed_item import Change, Cursor
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alert_delivery, intake
from edge.readings.alert_delivery import AlertDelivery, DeliveryState
from edge.readings.intake import AcceptedReading
from edge.store import journal, outbox
from edge.store.store import Store
from edge.visits import visits

PHONE = "0232 261111"
MINUTE_MS = 60_000


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def alert(store: Store, hand: HandClock) -> int:
    """The entry of an alert about 85/50."""
    ill = register.register(store, hand.now(), PatientForm("Sita", age="60"), None)
    visits.open_visit(store, hand.now(), ill.id, actor=None)
    found = intake.accept(store, cuff(hand.now(), pressure(85, 50, 135)))
    assert isinstance(found, AcceptedReading)
    return found.alerts[-1]


def receipt(store: Store, hand: HandClock, cum: int) -> None:
    outbox.mark_custody(store, Lane.ALERT, cum, 0, hand.now())


def where(store: Store, hand: HandClock, alert: int) -> AlertDelivery:
    return alert_delivery.of(store, alert, hand.now(), PHONE)


def feed(store: Store, ver: int, entity: str, alert: int, body: dict[str, object] | None) -> None:
    identity = journal.identity(store, alert)
    replica.apply(store, [Change(ver, entity, identity, ver, body)], Cursor(1, ver))


def test_until_the_receipt_somebody_telephones(store: Store, hand: HandClock, alert: int) -> None:
    hand.advance(720)
    assert where(store, hand, alert) == AlertDelivery(DeliveryState.WAITING, None, PHONE, "", 12)


def test_the_first_receipt_that_covers_it_says_since_when(
    store: Store, hand: HandClock, alert: int
) -> None:
    last = outbox.state(store, Lane.ALERT).last
    receipt(store, hand, last - 1)
    assert where(store, hand, alert).state is DeliveryState.WAITING
    covered = hand.advance(60)
    receipt(store, hand, last)
    hand.advance(600)
    receipt(store, hand, last)  # the same word again
    held = where(store, hand, alert)
    assert (held.state, held.since_ms) == (DeliveryState.RECEIVED, covered.wall_ms)
    assert held.minutes == 10


def test_a_hospital_that_fell_back_has_it_no_longer(
    store: Store, hand: HandClock, alert: int
) -> None:
    last = outbox.state(store, Lane.ALERT).last
    receipt(store, hand, last)
    hand.advance(60)
    receipt(store, hand, 0)
    assert where(store, hand, alert).state is DeliveryState.WAITING
    again = hand.advance(60)
    receipt(store, hand, last)
    assert where(store, hand, alert).since_ms == again.wall_ms


def test_who_is_asked_and_who_answered_come_with_the_feed(
    store: Store, hand: HandClock, alert: int
) -> None:
    receipt(store, hand, outbox.state(store, Lane.ALERT).last)
    now_ms = hand.now().wall_ms
    asked: dict[str, object] = {"to": "Dr A", "place": 1, "received_ms": now_ms, "phone": "0301"}
    feed(store, 1, "escalation", alert, asked)
    held = where(store, hand, alert)
    assert (held.state, held.who, held.telephone) == (DeliveryState.RECEIVED, "Dr A", "0301")
    hand.advance(12 * 60)
    feed(store, 2, "escalation", alert, asked | {"to": "Dr B", "place": 2})
    held = where(store, hand, alert)
    assert (held.state, held.who, held.minutes) == (DeliveryState.PASSED_ON, "Dr B", 12)
    answer: dict[str, object] = {"by": "Dr B Khan", "at_ms": now_ms + 5, "state": "seen"}
    feed(store, 3, "alert", alert, answer)
    held = where(store, hand, alert)
    assert (held.state, held.who, held.since_ms) == (DeliveryState.SEEN, "Dr B Khan", now_ms + 5)
    assert held.telephone == "0301"
    feed(store, 4, "alert", alert, answer | {"state": "handled"})
    assert where(store, hand, alert).state is DeliveryState.HANDLED


@pytest.mark.parametrize(
    "body", [{}, {"to": 5, "place": "x", "received_ms": "y", "phone": None}, {"place": None}]
)
def test_an_item_with_nothing_in_it_claims_nothing(
    store: Store, hand: HandClock, alert: int, body: dict[str, object]
) -> None:
    feed(store, 1, "escalation", alert, body)
    held = where(store, hand, alert)
    assert held.telephone == PHONE
    assert held.who == ""
