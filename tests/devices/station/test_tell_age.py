"""How old a reading is, by a device's clock that may be wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.device_time import KnownClock, ahead_s, local_time
from edge.model.clock import ClockQuality, Stamp

pytestmark = pytest.mark.long

NOW = Stamp(1, 1000, 1_795_000_000_000, ClockQuality.NTP)
LOCAL: datetime = local_time(NOW)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**7))
def test_a_wrong_clock_that_was_read_tells_the_age(ahead: int, age: int) -> None:
    clock = KnownClock(timedelta(seconds=ahead))
    measured = LOCAL + timedelta(seconds=ahead - age)
    assert clock.age_s(measured, NOW) == age


@pytest.mark.parametrize(("ahead", "age"), [(60, 0), (119, 0), (121, None), (86400, None)])
def test_the_future_is_now_or_unknown(ahead: int, age: int | None) -> None:
    assert KnownClock(timedelta(0)).age_s(LOCAL + timedelta(seconds=ahead), NOW) == age


def test_what_was_measured_before_the_clock_was_set_has_no_age() -> None:
    clock = KnownClock(timedelta(0), since=LOCAL - timedelta(minutes=5))
    assert clock.age_s(LOCAL - timedelta(minutes=6), NOW) is None
    assert clock.age_s(LOCAL - timedelta(minutes=4), NOW) == 240


@pytest.mark.parametrize(("shown_s", "ahead"), [(-0.9, 0), (-0.1, 0), (9.3, 10), (-3600.5, -3600)])
def test_seconds_ahead_allow_for_the_fraction_that_devices_cut(shown_s: float, ahead: int) -> None:
    assert ahead_s(KnownClock(timedelta(seconds=shown_s))) == ahead
