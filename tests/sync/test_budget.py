"""What the link may cost in a day, and when it is usually there."""

from __future__ import annotations

from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st

from edge.model.clock import Clock
from edge.store import data_budget, link_windows
from edge.store.store import Store
from sync.courier.sent_bytes import SentBytes

DAY, DAY_S = 20_000, 24 * 3600


def test_bytes_are_counted_by_day_and_class_across_restarts(store: Store) -> None:
    data_budget.spend(store, DAY, {"alerts": 10, "clinical": 20})
    data_budget.spend(store, DAY, {"clinical": 5})
    data_budget.spend(store, DAY + 1, {"clinical": 1})
    assert data_budget.spent(store, DAY) == {"alerts": 10, "clinical": 25}
    data_budget.spend(store, DAY + data_budget.KEPT_DAYS + 1, {"clinical": 1})
    assert data_budget.spent(store, DAY) == {}


@given(st.integers(0, 10**9))
def test_alerts_and_greetings_are_never_capped(used: int) -> None:
    limits = {"alerts": 1, "session": 1, "clinical": 1}
    assert data_budget.is_open("alerts", limits, {"alerts": used})
    assert data_budget.is_open("session", limits, {"session": used})
    assert data_budget.is_open("clinical", limits, {"clinical": used}) is (used == 0)
    assert data_budget.is_open("files", limits, {"files": used})


def test_a_spent_budget_closes_a_lane_until_the_next_day(store: Store) -> None:
    clock, fresh = HandClock(), {"clinical": 900}
    budget = SentBytes(store, {"clinical": 1_000}, fresh, clock.now())
    assert budget.may_send("c")
    fresh["clinical"] += 200
    assert not budget.may_send("c")
    assert budget.may_send("a")
    budget.settle(clock.now())
    assert fresh == {}
    assert not SentBytes(store, {"clinical": 1_000}, {}, clock.now()).may_send("c")
    budget.settle(clock.advance(DAY_S - 2))  # the clock stood one millisecond after midnight
    assert not budget.may_send("c")
    budget.settle(clock.advance(2))
    assert budget.may_send("c")


def habit(days: int, slots: range) -> dict[tuple[int, int], int]:
    return {(day, slot % 48): 1_500 for day in range(days) for slot in slots}


def test_windows_are_learnt_from_a_habit() -> None:
    assert link_windows.windows(habit(5, range(36, 39))) == [(36, 39)]
    assert link_windows.words((36, 39)) == "18:00–19:30"
    assert link_windows.windows(habit(2, range(36, 39))) == []
    assert [link_windows.words(w) for w in link_windows.windows(habit(5, range(46, 50)))] == [
        "23:00–01:00"
    ]
    assert link_windows.windows(habit(5, range(48))) == [(0, 48)]
    rare = habit(5, range(36, 39)) | {(0, 10): 1_800, (1, 10): 1_800}
    assert link_windows.windows(rare) == [(36, 39)]
    short = {(day, 12): 60 for day in range(5)}
    assert link_windows.windows(short) == []


@given(st.sets(st.integers(0, 47)))
def test_windows_cover_exactly_the_habit(slots: set[int]) -> None:
    seen = {(day, slot): 1_800 for day in range(4) for slot in slots}
    covered = {s % 48 for first, end in link_windows.windows(seen) for s in range(first, end)}
    assert covered == slots


def test_contact_is_remembered_in_its_half_hour(store: Store, clock: Clock) -> None:
    now_ms = clock.now().wall_ms
    for _ in range(40):
        link_windows.remember(store, now_ms, 60)
    assert link_windows.known(store) == {link_windows.slot_of(now_ms): 1800}
