"""The feed's seeded world passes, and every known mistake makes it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from sync import merge
from sync.core import feed
from sync.core.feed_messages import Ask, Batch
from sync.merge import Edit, Rule, Settled, Tier
from sync.simulation import Violation
from sync.simulation.feed_ends import FeedEnds, PowerCut, Write
from sync.simulation.feed_world import run

QUICK = 60
FULL = 2000


@pytest.mark.parametrize("first", range(0, QUICK, 20))
def test_the_replica_is_the_hospitals_view_whatever_happens(first: int) -> None:
    outcomes = [run(seed) for seed in range(first, first + 20)]
    assert sum(o.edits for o in outcomes) > 500
    assert sum(o.snapshots for o in outcomes) > 20
    assert sum(o.repairs for o in outcomes) > 0
    assert sum(o.reviews for o in outcomes) > 0


@pytest.mark.system
@pytest.mark.parametrize("first", range(QUICK, FULL, 100))
def test_the_other_seeds_of_a_change(first: int) -> None:
    for seed in range(first, min(first + 100, FULL)):
        run(seed)


def test_a_seed_is_the_same_world_every_time() -> None:
    assert run(7) == run(7)


# --- mutants ----------------------------------------------------------------------------------


def _cursor_outside(rows: Write, cursor: Write, cut: Callable[[], bool]) -> None:
    cursor()
    if cut():
        raise PowerCut
    rows()


def _epoch_ignored_by_the_box(state, event, replica):
    if isinstance(event, feed.Heard) and isinstance(event.message, Batch):
        here = replace(event.message, epoch=replica.cursor().epoch)
        event = replace(event, message=here)
    return feed.step(state, event, replica)


def _epoch_ignored_by_the_hospital(ask: Ask, source, reflects, weigh):
    if ask.epoch:
        head = source.head()
        ask = replace(ask, epoch=head.epoch, ver=min(ask.ver, head.ver))
    return feed.answer(ask, source, reflects, weigh)


def _no_sums(state, event, replica):
    if isinstance(event, feed.Applied) and state.expected is not None:
        event = replace(event, sums=state.expected)
    return feed.step(state, event, replica)


def _floor_ignored(ask: Ask, source, reflects, weigh):
    class Bottomless:
        head = staticmethod(lambda: replace(source.head(), floor=0))
        since, scan, sums = source.since, source.scan, source.sums

    return feed.answer(ask, Bottomless(), reflects, weigh)


def _any_batch_is_applied(state, event, replica):
    if isinstance(event, feed.Heard) and isinstance(event.message, Batch):
        at = replica.cursor()
        here = replace(event.message, epoch=at.epoch, start=at.ver)
        event = replace(event, message=here)
    return feed.step(state, event, replica)


def _reflected_at_once(ask: Ask, source, reflects, weigh):
    ahead = replace(reflects, lanes={lane: seq + 1 for lane, seq in reflects.lanes.items()})
    return feed.answer(ask, source, ahead, weigh)


def _last_write_wins(rule: Rule, edits: Iterable[Edit]) -> Settled:
    if rule.tier is Tier.IDENTITY:
        rule = replace(rule, tier=Tier.CONTACT)
    return merge.settle(rule, edits)


MUTANTS = {
    "the cursor outside the transaction": FeedEnds(transaction=_cursor_outside),
    "no feed epoch check": FeedEnds(
        step=_epoch_ignored_by_the_box, answer=_epoch_ignored_by_the_hospital
    ),
    "no bucket sums": FeedEnds(step=_no_sums),
    "removals forgotten without a snapshot": FeedEnds(answer=_floor_ignored),
    "any batch is applied": FeedEnds(step=_any_batch_is_applied),
    "reflected before it arrived": FeedEnds(answer=_reflected_at_once),
    "the last write wins an identity": FeedEnds(settle=_last_write_wins),
}


SOUND = {"rot": 0, "restore_untold": 0}
"""Without damage the bucket sums have nothing to do: then they show a mistake, not repair it."""
OFTEN = {
    "removals forgotten without a snapshot": SOUND,
    "any batch is applied": SOUND,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant: str) -> None:
    assert _first_caught(MUTANTS[mutant], OFTEN.get(mutant)) is not None


def _first_caught(ends: FeedEnds, often: dict[str, int] | None, seeds: int = 120) -> int | None:
    for seed in range(seeds):
        try:
            run(seed, ends, often)
        except Violation:
            return seed
    return None
