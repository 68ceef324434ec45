"""The files' seeded world: every photo is whole in the end, and none is taken for whole before."""

from __future__ import annotations

import pytest

from sync.simulation.files_world import run

pytestmark = pytest.mark.long

SEEDS = 2000


def test_a_seed_is_the_same_world_every_time() -> None:
    assert run(7) == run(7)


def test_files_begin_anew_in_some_worlds() -> None:
    assert sum(run(seed, {"rot": 12}).begun_anew for seed in range(20)) > 5


@pytest.mark.parametrize("first", range(0, SEEDS, 250))
def test_every_file_is_whole_in_the_end(first: int) -> None:
    outcomes = [run(seed) for seed in range(first, first + 250)]
    assert sum(o.chunks for o in outcomes) > 5_000
