"""The log of a vaccine refrigerator: least and greatest of a day, what nobody read, its issues."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hand_clock import HandClock

from edge.care import fridge
from edge.care.fridge import FridgeReading
from edge.model.errors import InvalidForm
from edge.store import issues, taken_back
from edge.store.store import Store

DAY_S = 24 * 3600


def read(store: Store, hand: HandClock, value: str, part: str = "morning") -> FridgeReading:
    reading = FridgeReading("Fridge 1", Decimal(value), part=part)
    return fridge.note(store, hand.now(), reading, "w1")


@pytest.mark.parametrize(
    ("value", "good"), [("2", True), ("8.0", True), ("1.9", False), ("8.1", False)]
)
def test_two_to_eight_degrees_are_good(value: str, good: bool) -> None:
    assert FridgeReading("Fridge 1", Decimal(value)).is_good is good


def test_a_day_has_its_least_and_greatest_and_says_what_nobody_read(store: Store) -> None:
    hand = HandClock()
    read(store, hand, "4.5")
    read(store, hand, "7", "evening")
    hand.advance(DAY_S)
    read(store, hand, "3")
    hand.advance(DAY_S)
    after = fridge.days(store, "Fridge 1", hand.now())
    first, second = after[-1], after[-2]
    assert (first.lowest, first.highest, first.missing) == (Decimal("4.5"), Decimal(7), ())
    assert second.missing == ("evening",)
    assert len(after) == 3


def test_out_of_range_is_an_issue_until_a_good_reading(store: Store) -> None:
    hand = HandClock()

    def kinds() -> list[tuple[str, str]]:
        fridge.judge(store, hand.now())
        return [(one.kind, one.detail) for one in issues.current(store)]

    read(store, hand, "4")
    assert kinds() == []
    warm = read(store, hand, "9.5")
    assert kinds() == [("fridge-warm", "9.5 °C")]
    read(store, hand, "-1")
    assert kinds() == [("fridge-cold", "-1 °C")]
    wrong = read(store, hand, "12")
    taken_back.take_back(store, hand.now(), wrong.entry, "a slip", actor="w1")
    assert kinds() == [("fridge-cold", "-1 °C")]
    read(store, hand, "5", "evening")
    assert kinds() == []
    hand.advance(DAY_S)
    assert [kind for kind, _ in kinds()] == ["fridge-unread"]
    read(store, hand, "5")
    assert kinds() == []
    assert warm.entry


def test_what_no_thermometer_shows_is_refused(store: Store) -> None:
    for name, value, field in (("", "4", "fridge"), ("Fridge 1", "400", "value")):
        reading = FridgeReading(name, Decimal(value))
        with pytest.raises(InvalidForm) as refused:
            fridge.note(store, HandClock().now(), reading, "w1")
        assert list(refused.value.fields) == [field]
