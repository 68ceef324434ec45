"""A worker tells the box the date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from kiosk_desk import Desk

from edge.model.clock import ClockQuality
from edge.store.store import Store


def test_a_told_time_places_this_boot_at_once(desk: Desk, store: Store) -> None:
    told = datetime(2027, 3, 9, 14, 30).astimezone(UTC)  # noqa: DTZ001 - typed as local time
    assert desk.post("/clock", date="۲۰۲۷-۳-۹", time="14:30").status_code == 303
    now = store.clock().now()
    assert now.quality == ClockQuality.MANUAL
    assert abs((now.wall - told).total_seconds()) < 30
    assert "2027" in desk.get("/status")
    assert store.anchors(now.boot)[0].error_ms == 120_000


@pytest.mark.parametrize(
    ("date", "time", "why"),
    [
        ("22/11/2026", "09:30", "like the example"),
        ("2026-13-01", "09:30", "like the example"),
        ("2026-11-22", "", "like the example"),
        ("1970-01-01", "00:00", "long past"),
    ],
)
def test_a_wrong_date_is_named_and_stays(
    desk: Desk, store: Store, date: str, time: str, why: str
) -> None:
    answer = desk.post("/clock", date=date, time=time)
    assert answer.status_code == 422
    assert why in answer.text
    assert f'value="{date}"' in answer.text
    assert store.anchors(store.clock().boot) == []
