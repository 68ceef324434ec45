"""The feed's seeds 1000 to 1999."""

from __future__ import annotations

import pytest

from sync.simulation.feed_world import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("first", range(1000, 2000, 100))
def test_the_replica_is_the_hospitals_view_whatever_happens(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)
