"""Mistakes in the feed, and in how two people's edits of one patient meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from mutants import Mutant

from edge.model.patient_fields import Tier
from sync import patient_merge
from sync.core import feed
from sync.core.feed_messages import Ask, Batch
from sync.patient_merge import Edit, MergedField, Op, Rule
from sync.simulation.feed_ends import FeedEnds
from sync.simulation.parts import PowerCut, Write

SOUND = {"rot": 0, "restore_untold": 0}
"""Without damage the bucket sums have nothing to do: then they show a mistake, not repair it."""
MANY = {"edit": 60, "edit_at_desk": 40}


def _ends(**parts: Any) -> Any:
    return lambda _monkeypatch: FeedEnds(**parts)


def _cursor_first(writes: tuple[Write, ...], cut: Callable[[], bool]) -> None:
    for write in reversed(writes):
        write()
        if cut():
            raise PowerCut


def _heard(event: Any) -> bool:
    return isinstance(event, feed.MessageArrived) and isinstance(event.message, Batch)


def _epoch_ignored_by_the_box(state: Any, event: Any, replica: Any) -> Any:
    if _heard(event):
        event = replace(event, message=replace(event.message, epoch=replica.cursor().epoch))
    return feed.step(state, event, replica)


def _epoch_ignored_by_the_hospital(ask: Ask, source: Any, reflects: Any, weigh: Any) -> Any:
    if ask.epoch:
        head = source.head()
        ask = replace(ask, epoch=head.epoch, ver=min(ask.ver, head.ver))
    return feed.answer(ask, source, reflects, weigh)


def _no_sums(state: Any, event: Any, replica: Any) -> Any:
    if isinstance(event, feed.ChangesApplied) and state.expected is not None:
        event = replace(event, sums=state.expected)
    return feed.step(state, event, replica)


def _floor_ignored(ask: Ask, source: Any, reflects: Any, weigh: Any) -> Any:
    class Bottomless:
        head = staticmethod(lambda: replace(source.head(), floor=0))
        since, scan, sums = source.since, source.scan, source.sums

    return feed.answer(ask, Bottomless(), reflects, weigh)


def _any_batch_is_applied(state: Any, event: Any, replica: Any) -> Any:
    if _heard(event):
        at = replica.cursor()
        event = replace(event, message=replace(event.message, epoch=at.epoch, start=at.ver))
    return feed.step(state, event, replica)


def _reflected_at_once(ask: Ask, source: Any, reflects: Any, weigh: Any) -> Any:
    ahead = replace(reflects, lanes={lane: seq + 1 for lane, seq in reflects.lanes.items()})
    return feed.answer(ask, source, ahead, weigh)


def _never_reflected(state: Any, event: Any, replica: Any) -> Any:
    if _heard(event):
        event = replace(event, message=replace(event.message, reflects=None))
    return feed.step(state, event, replica)


def _in_another_tier(tier: Tier, instead: Tier) -> Callable[..., MergedField]:
    def settle(rule: Rule, edits: Iterable[Edit]) -> MergedField:
        rule = replace(rule, tier=instead) if rule.tier is tier else rule
        return patient_merge.settle(rule, edits)

    return settle


def _strikes_by_anybody(rule: Rule, edits: Iterable[Edit]) -> MergedField:
    if rule.tier is Tier.UNION:
        edits = [replace(e, clinician=e.op is Op.REMOVE) for e in edits]
    return patient_merge.settle(rule, edits)


def _doses_by_anybody(rule: Rule, edits: Iterable[Edit]) -> MergedField:
    if rule.tier is Tier.BLOCK:
        edits = [replace(e, clinician=True) for e in edits]
    return patient_merge.settle(rule, edits)


def _one_member_only(rule: Rule, edits: Iterable[Edit]) -> MergedField:
    settled = patient_merge.settle(rule, edits)
    if isinstance(settled.value, tuple):
        return replace(settled, value=settled.value[-1:])
    return settled


def _as_they_came(rule: Rule, edits: Iterable[Edit]) -> MergedField:
    listed = list(edits)
    if rule.tier is Tier.CONTACT:
        return MergedField(listed[-1].value)
    return patient_merge.settle(rule, listed)


_LAST_WINS = _in_another_tier(Tier.IDENTITY, Tier.CONTACT)

MUTANTS = {
    "the cursor goes before its rows": Mutant("I7", _ends(transaction=_cursor_first), 6),
    "no feed epoch check": Mutant(
        "I7", _ends(step=_epoch_ignored_by_the_box, answer=_epoch_ignored_by_the_hospital), 2
    ),
    "no bucket sums": Mutant("I7", _ends(step=_no_sums), 18),
    "removals forgotten without a snapshot": Mutant("I7", _ends(answer=_floor_ignored), 6, SOUND),
    "any batch is applied": Mutant("I7", _ends(step=_any_batch_is_applied), 12, SOUND),
    "reflected before it arrived": Mutant("I13", _ends(answer=_reflected_at_once), 0),
    "never reflected": Mutant("I13", _ends(step=_never_reflected), 0),
    "the last write wins an identity": Mutant("I15", _ends(settle=_LAST_WINS), 1),
    "anybody strikes out an allergy": Mutant("I16", _ends(settle=_strikes_by_anybody), 14, MANY),
    "anybody changes a dose": Mutant("I16", _ends(settle=_doses_by_anybody), 0),
    "a list keeps its last value alone": Mutant("I16", _ends(settle=_one_member_only), 3, MANY),
    "edits are taken as they came": Mutant("I19", _ends(settle=_as_they_came), 2),
}
