"""Real processes through a seeded plan of misfortunes; the invariants hold over what is left.

Longer runs (`scripts/trials chaos`): `HEALTHPOST_CHAOS=SEEDxCOUNTxSTEPS` (for example `100x20x40`)
goes through so many plans of three boxes from that seed on. A failure names its seed and its plan.
"""

from __future__ import annotations

import os

import pytest
from chaos import Chaos, Step, plan_of
from invariants import demand
from region import Region

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

SHORT = (2026, 5, 2)
LONG = os.environ.get("HEALTHPOST_CHAOS", "")


def _plans() -> list[tuple[int, int, int]]:
    if not LONG:
        return [SHORT]
    first, count, steps = (int(n) for n in LONG.split("x"))
    return [(seed, steps, 3) for seed in range(first, first + count)]


@pytest.mark.parametrize(("seed", "steps", "posts"), _plans())
def test_every_invariant_survives(region: Region, seed: int, steps: int, posts: int) -> None:
    plan = plan_of(seed, steps)
    chaos = Chaos(region, seed, posts)
    try:
        _live_through(chaos, plan)
    except BaseException as error:
        error.add_note(f"seed {seed}: {' '.join(map(str, plan))}; done: {chaos.done}")
        raise


def _live_through(chaos: Chaos, plan: list[Step]) -> None:
    chaos.begin()
    for step in plan:
        chaos.carry_out(step)
    chaos.settle()
    demand(chaos.history())
    _tried_enough(chaos)
    chaos.clone()
    chaos.settle()
    epochs = {post.name: post.side().lanes[0].epoch for post in chaos.posts}
    chaos.replay()
    chaos.settle()
    demand(chaos.history())
    assert {post.name: post.side().lanes[0].epoch for post in chaos.posts} == epochs


def _tried_enough(chaos: Chaos) -> None:
    """The run must have had something to lose."""
    lanes = {capture.topic.rpartition("/")[2] for capture in chaos.region.spied()}
    assert lanes >= {"a", "c", "h", "r"}, lanes
    assert chaos.deeds.outages
    assert chaos.pruned > 0
    assert len(chaos.deeds.promised) > 100
