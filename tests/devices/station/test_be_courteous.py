"""When a device that advertises is connected to, as a table of moments."""

from __future__ import annotations

import pytest

from devices.ble.reconnect import (
    CONTACTS_LIMIT,
    DELAYS_S,
    ReconnectPolicy,
    ReconnectTimes,
    SessionEnd,
)

pytestmark = pytest.mark.long

MANNERS = ReconnectTimes(gap_s=5, cool_s=20, short_s=1)


def after(parting: SessionEnd) -> ReconnectPolicy:
    courtesy = ReconnectPolicy(MANNERS)
    assert courtesy.due("a", 1, 0.0)
    courtesy.ended("a", 10.0, parting)
    return courtesy


def advertise(
    courtesy: ReconnectPolicy, start_s: float, end_s: float, data: int = 1
) -> float | None:
    """Advertise ten times a second; return when a connection is wanted."""
    for tenth in range(round((end_s - start_s) * 10)):
        now_s = start_s + tenth / 10
        if courtesy.due("a", data, now_s):
            return now_s
    return None


@pytest.mark.parametrize(
    ("parting", "due_s"),
    [(SessionEnd.NEWS, 30.0), (SessionEnd.NEWS_AND_HUNG_UP, 11.0), (SessionEnd.NO_NEWS, 10.3)],
)
def test_a_device_that_goes_on_advertising_rests(parting: SessionEnd, due_s: float) -> None:
    assert advertise(after(parting), 10.1, 60) == pytest.approx(due_s)


def test_a_device_that_was_silent_is_new() -> None:
    assert advertise(after(SessionEnd.NEWS), 15.0, 20) == 15.0


def test_a_device_that_broadcasts_something_else_is_new() -> None:
    courtesy = after(SessionEnd.NEWS)
    assert advertise(courtesy, 10.1, 12) is None
    assert advertise(courtesy, 12.0, 13, data=2) == 12.0


def test_sessions_without_news_are_tried_less_and_less() -> None:
    courtesy, now_s, rests = ReconnectPolicy(MANNERS), 0.0, []
    for _ in range(7):
        courtesy.ended("a", now_s, SessionEnd.NO_NEWS)
        due_s = advertise(courtesy, now_s + 0.05, now_s + 60)
        assert due_s is not None
        rests.append(due_s - now_s)
        now_s = due_s
    expected = [*DELAYS_S, DELAYS_S[-1], DELAYS_S[-1]]
    assert rests == [pytest.approx(delay_s, abs=0.2) for delay_s in expected]


def test_memory_is_bounded() -> None:
    courtesy = ReconnectPolicy(MANNERS)
    for number in range(CONTACTS_LIMIT * 2):
        courtesy.due(str(number), 0, 0.0)
    assert len(courtesy) == CONTACTS_LIMIT
