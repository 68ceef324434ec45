"""Anchors place what was stamped before anybody knew the time."""

from __future__ import annotations

from edge.model.clock import Anchor, Clock, ClockQuality, place
from edge.store import clock_anchors, journal
from edge.store.store import Store

HOUR_MS = 3_600_000


def anchor(clock: Clock, error_ms: int, later_ms: int = 0) -> Anchor:
    now = clock.now()
    utc_ms = now.wall_ms + later_ms
    return Anchor(clock.boot, now.t_ms + later_ms, utc_ms, error_ms, ClockQuality.HOSPITAL)


def test_the_first_anchor_places_earlier_stamps_and_is_told(store: Store, clock: Clock) -> None:
    earlier = clock.now()
    given = anchor(clock, 400)
    assert clock_anchors.remember(store, clock.now(), given)
    placed = place(earlier, store.anchors(clock.boot))
    assert placed.sure
    assert abs(placed.utc_ms - (given.utc_ms - given.t_ms + earlier.t_ms)) == 0
    [(_, entry)] = journal.since(store, 0)
    assert (entry.kind, entry.body["utc_ms"]) == ("clock", given.utc_ms)


def test_an_anchor_that_tells_nothing_new_makes_no_entry(store: Store, clock: Clock) -> None:
    assert clock_anchors.remember(store, clock.now(), anchor(clock, 400))
    assert not clock_anchors.remember(store, clock.now(), anchor(clock, 390))
    assert store.journal_position() == 1


def test_a_better_anchor_is_kept(store: Store, clock: Clock) -> None:
    clock_anchors.remember(store, clock.now(), anchor(clock, 3000))
    assert clock_anchors.remember(store, clock.now(), anchor(clock, 100))
    assert place(clock.now(), store.anchors(clock.boot)).error_ms < 200


def test_drift_makes_a_new_anchor_welcome(store: Store, clock: Clock) -> None:
    clock_anchors.remember(store, clock.now(), anchor(clock, 400))
    assert clock_anchors.remember(store, clock.now(), anchor(clock, 400, later_ms=2 * HOUR_MS))
