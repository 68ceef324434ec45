"""A short day with a whole fleet: nothing lost, nothing restarted, memory flat."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import Plan, run_day, words

pytestmark = pytest.mark.system


@pytest.mark.timeout(200)
def test_a_compressed_day_loses_nothing(tmp_path: Path) -> None:
    plan = Plan(seconds=35, hours=6, patients=10, power_cuts=1, seed=4)
    outcome = run_day(plan, tmp_path)
    assert outcome.broken == [], words(outcome)
    assert outcome.unplugged > 0
    assert outcome.faults
    assert outcome.readings >= outcome.expected > 0
