"""The feed's seeded world: a replica is the hospital's view, and no edit is lost or forced."""

from __future__ import annotations

import pytest

from sync.simulation.feed_world import run

pytestmark = pytest.mark.long

SEEDS = 1000


def test_a_seed_is_the_same_world_every_time() -> None:
    assert run(7) == run(7)


@pytest.mark.parametrize("first", range(0, SEEDS, 100))
def test_the_replica_is_the_hospitals_view_whatever_happens(first: int) -> None:
    outcomes = [run(seed) for seed in range(first, first + 100)]
    assert sum(o.edits for o in outcomes) > 2_000
    assert sum(o.snapshots for o in outcomes) > 100
    assert sum(o.repairs for o in outcomes) > 0
    assert sum(o.reviews for o in outcomes) > 0
