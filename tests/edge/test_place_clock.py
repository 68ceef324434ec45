"""Telling the time on a box that has no trusted clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import cuff

from edge.model.clock import BUILD_MS, Anchor, Clock, ClockQuality, Stamp, place
from edge.readings import intake
from edge.store import clock_anchors, journal
from edge.store.store import Store

YEAR_MS = 365 * 86_400_000
FUTURE_MS = BUILD_MS + 20 * YEAR_MS


def anchor(boot: int, t_ms: int, utc_ms: int, error_ms: int = 50) -> Anchor:
    return Anchor(boot, t_ms, utc_ms, error_ms, ClockQuality.HOSPITAL)


def test_an_anchor_of_the_same_boot_places_what_the_wall_did_not_know() -> None:
    stamp = Stamp(3, 5_000, 0, ClockQuality.FLOOR)
    placed = place(stamp, [anchor(3, 65_000, 1_000_060_000), anchor(2, 5_000, 7)])
    assert (placed.utc_ms, placed.sure) == (1_000_000_000, True)
    assert placed.error_ms == 50 + 6  # a minute at 100 ppm
    assert placed.when == datetime.fromtimestamp(1_000_000, UTC)


def test_the_nearest_anchor_counts_unless_a_farther_one_is_better() -> None:
    stamp = Stamp(1, 0, 0, ClockQuality.UNSURE)
    near, far = anchor(1, 1_000, 2_000, error_ms=5_000), anchor(1, 3_600_000, 3_603_000, 10)
    assert place(stamp, [near, far]).utc_ms == 3_000
    assert place(stamp, [near, far]).error_ms == 10 + 360


@pytest.mark.parametrize(
    ("quality", "sure"),
    [("floor", False), ("unsure", False), ("manual", False), ("ntp", True), ("hospital", True)],
)
def test_without_an_anchor_the_wall_is_as_sure_as_its_quality(quality: str, sure: bool) -> None:
    placed = place(Stamp(1, 0, 123_000, ClockQuality(quality)), [anchor(2, 0, 9)])
    assert (placed.utc_ms, placed.sure) == (123_000, sure)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**13))
def test_order_within_a_boot_survives_placing(one: int, other: int, utc: int) -> None:
    kept = [anchor(1, 500_000, utc)]
    first, second = (place(Stamp(1, t, 0, ClockQuality.FLOOR), kept) for t in (one, other))
    assert (first.utc_ms < second.utc_ms) == (one < other)


def test_the_wall_never_falls_below_what_is_known() -> None:
    now = Clock(1, floor_ms=FUTURE_MS).now()
    assert (now.wall_ms, now.quality) == (FUTURE_MS, ClockQuality.FLOOR)
    assert Clock(1, floor_ms=0).now().wall_ms >= BUILD_MS


def test_an_anchored_boot_tells_the_anchors_time_under_the_anchors_name() -> None:
    t_ms = Clock(7, 0).now().t_ms
    now = Clock(7, FUTURE_MS, [anchor(7, t_ms - 1_000, BUILD_MS), anchor(8, 0, 0)]).now()
    assert now.quality is ClockQuality.HOSPITAL
    assert BUILD_MS + 1_000 <= now.wall_ms < BUILD_MS + 60_000
    manual = Anchor(7, t_ms, BUILD_MS, 60_000, ClockQuality.MANUAL)
    assert Clock(7, 0, [manual]).now().quality is ClockQuality.MANUAL


def test_a_boot_is_counted_once_and_only_when_it_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "box.db"
    Store.create(file, "box-test").close()

    def boot(name: str) -> int:
        monkeypatch.setenv("HEALTHPOST_BOOT_ID", name)
        store = Store.open(file)
        counted = store.clock().boot
        store.close()
        return counted

    assert [boot(n) for n in ("one", "one", "two", "two", "three")] == [1, 1, 2, 2, 3]


def next_boot(store: Store, monkeypatch: pytest.MonkeyPatch) -> Stamp:
    monkeypatch.setenv("HEALTHPOST_BOOT_ID", f"boot-{store.scalar('SELECT count(*) FROM boot')}")
    return store.clock().now()


def test_a_boot_begins_at_the_last_known_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = store.clock().now()
    intake.accept(store, cuff(Stamp(now.boot, now.t_ms, FUTURE_MS, ClockQuality.UNSURE)))
    assert next_boot(store, monkeypatch).wall_ms == FUTURE_MS
    later = FUTURE_MS + 60_000
    boot = store.clock().boot
    store.save_floor(Stamp(boot, 0, later, ClockQuality.UNSURE))
    again = next_boot(store, monkeypatch)
    assert (again.wall_ms, again.quality) == (later, ClockQuality.FLOOR)


def test_a_wild_clock_is_forgotten_once_the_hospital_has_told_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = store.clock().now()
    wild = Stamp(now.boot, now.t_ms, FUTURE_MS, ClockQuality.UNSURE)
    intake.accept(store, cuff(wild))
    store.save_floor(wild)
    assert clock_anchors.remember(store, wild, anchor(now.boot, now.t_ms, BUILD_MS + 1))
    store.save_floor(store.clock().now())
    assert next_boot(store, monkeypatch).wall_ms < FUTURE_MS


def test_an_anchor_is_an_entry_and_only_better_ones_are_kept(store: Store) -> None:
    now = store.clock().now()
    assert clock_anchors.remember(
        store, now, anchor(now.boot, now.t_ms, 5, error_ms=900), actor="w1"
    )
    assert not clock_anchors.remember(store, now, anchor(now.boot, now.t_ms, 6, error_ms=850))
    assert clock_anchors.remember(store, now, anchor(now.boot, now.t_ms, 7, error_ms=20))
    assert [a.utc_ms for a in store.anchors(now.boot)] == [5, 7]
    assert [(e.kind, e.body["utc_ms"], e.actor) for _, e in journal.since(store, 0)] == [
        ("clock", 5, "w1"),
        ("clock", 7, None),
    ]
