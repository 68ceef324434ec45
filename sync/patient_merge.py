"""Merges the edits of several people to one patient, by field, and says what needs a review.

A patient's record is a set of edits. What is shown is computed from the whole set, never from the
order in which edits arrived, and no edit is ever taken out of it. One edit covers another when its
author knew of that other: it had come down with the feed (`base_rev`), or was the same box's own.
Edits that nobody covered stand beside one another, and the field's tier says what happens then
(`edge.model.patient_fields`, the rules are a draft until clinicians have agreed to them).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import assert_never

from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, Tier

_BLANK = (None, "", "unknown")


class Op(StrEnum):
    """What an edit does to its field."""

    SET = "set"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Rule:
    """How edits of a field meet, and how the field is named in the review inbox."""

    field: str
    tier: Tier
    one: str
    many: str
    finer: str = ""
    refines: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """One person's change of one field of a patient.

    `rev` is the patient's revision that this edit made at the hospital, `base_rev` the one that
    its author knew; `order` counts the author's own edits. `at_ms` is the corrected time.
    """

    id: str
    field: str
    op: Op
    value: str | None
    author: str
    order: int
    base_rev: int
    rev: int
    at_ms: int
    clinician: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """Values that a person has to decide between: the one in use first, then the others."""

    field: str
    op: Op
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergedField:
    """The merged value of one field: a text, or for a union the tuple of its members."""

    value: str | tuple[str, ...] | None
    reviews: tuple[Review, ...] = ()


@cache
def rules() -> dict[str, Rule]:
    """Return the rules, by field."""
    return {
        f.name: Rule(f.name, f.tier, f.one, f.many, f.finer, f.refines)
        for f in (*PATIENT_FIELDS, *SUMMARY_FIELDS)
    }


def covers(later: Edit, earlier: Edit) -> bool:
    """Whether the author of one edit knew of the other."""
    own = later.author == earlier.author and earlier.order < later.order
    return later.id != earlier.id and (own or earlier.rev <= later.base_rev)


def settle(rule: Rule, edits: Iterable[Edit]) -> MergedField:
    """Merge the edits of one field; their order does not matter."""
    ordered = sorted(set(edits), key=lambda e: (e.at_ms, e.id, e.value or "", e.op))
    match rule.tier:
        case Tier.IDENTITY:
            return _identity(rule, ordered)
        case Tier.CONTACT:
            heads = _heads(ordered)
            return MergedField(heads[-1].value if heads else None)
        case Tier.UNION:
            return _union(rule, ordered)
        case Tier.BLOCK:
            return _block(rule, ordered)
        case _:
            assert_never(rule.tier)


def words(review: Review) -> str:
    """Return a review in plain words, for a nurse: "two birth years: 1948 / 1984"."""
    rule = rules()[review.field]
    if rule.tier is Tier.UNION:
        return f"strike out the {rule.one}: {' / '.join(review.values)}?"
    if rule.tier is Tier.BLOCK:
        return f"change of {rule.one}: {' / '.join(review.values)}"
    if rule.refines:
        return _dates(rule, review.values)
    return f"{_number(len(review.values))} {rule.many}: {' / '.join(review.values)}"


def _identity(rule: Rule, edits: Sequence[Edit]) -> MergedField:
    heads = sorted(_heads(edits), key=lambda e: not e.clinician)  # what was decided holds on
    values = _distinct(rule, [e.value for e in heads])
    if len(values) > 1:
        return MergedField(values[0], (Review(rule.field, Op.SET, tuple(values)),))
    return MergedField(values[0] if values else None)


def _union(rule: Rule, edits: Sequence[Edit]) -> MergedField:
    by_member: dict[str, list[Edit]] = {}
    for e in edits:
        if e.value:
            by_member.setdefault(e.value, []).append(e)
    present = tuple(sorted(m for m, about in by_member.items() if _is_member(about)))
    asked = [m for m in present if _is_asked_to_go(by_member[m])]
    return MergedField(present, tuple(Review(rule.field, Op.REMOVE, (m,)) for m in asked))


def _is_member(about: Sequence[Edit]) -> bool:
    """Whether some addition was struck out by no clinician who knew of it."""
    struck = _Knowing(e for e in about if e.op is Op.REMOVE and e.clinician)
    return any(e.op is Op.ADD and not struck.of(e) for e in about)


def _is_asked_to_go(about: Sequence[Edit]) -> bool:
    """Whether a worker struck the member out, and nobody decided that since who knew of it."""
    decided = _Knowing(e for e in about if e.clinician or e.op is Op.ADD)
    return any(e.op is Op.REMOVE and not e.clinician and not decided.of(e) for e in about)


def _block(rule: Rule, edits: Sequence[Edit]) -> MergedField:
    ordered = _distinct(rule, [e.value for e in _heads([e for e in edits if e.clinician])])
    value = ordered[0] if ordered else None
    proposed = [e for e in _heads(edits) if not e.clinician and e.value != value]
    values = [v for v in dict.fromkeys([*ordered, *(e.value or "none" for e in proposed)]) if v]
    if not proposed and len(ordered) < 2:
        return MergedField(value)
    return MergedField(value, (Review(rule.field, Op.SET, tuple(values)),))


def _heads(edits: Sequence[Edit]) -> list[Edit]:
    knowing = _Knowing(edits)
    return [e for e in edits if not knowing.of(e)]


class _Knowing:
    """Tells in one step whether the author of any of these edits knew of another: as `covers`."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._last_own: dict[str, int] = {}
        newest: dict[str, int] = {}  # the revision known to the author, by the edit's id
        for e in edits:
            self._last_own[e.author] = max(e.order, self._last_own.get(e.author, e.order))
            newest[e.id] = max(e.base_rev, newest.get(e.id, e.base_rev))
        # An edit is not its own later one: the second is asked when the first is itself.
        self._newest = sorted(((rev, id) for id, rev in newest.items()), reverse=True)[:2]

    def of(self, earlier: Edit) -> bool:
        """Whether one of them covers this one."""
        if self._last_own.get(earlier.author, earlier.order) > earlier.order:
            return True
        others = [rev for rev, id in self._newest if id != earlier.id]
        return bool(others) and earlier.rev <= others[0]


def _distinct(rule: Rule, values: Iterable[str | None]) -> list[str]:
    """Return the values that really differ: without blanks, and without 1948 beside 1948-06."""
    distinct = list(dict.fromkeys(v for v in values if v not in _BLANK and v is not None))
    if rule.refines:
        distinct = [v for v in distinct if not any(o != v and o.startswith(v) for o in distinct)]
    folded: dict[str, str] = {}
    for value in distinct:
        folded.setdefault(" ".join(value.casefold().split()), value)
    return list(folded.values())


def _dates(rule: Rule, values: Sequence[str]) -> str:
    years = list(dict.fromkeys(v[:4] for v in values))
    if len(years) == len(values):
        return f"{_number(len(years))} {rule.many}: {' / '.join(years)}"
    return f"{_number(len(values))} {rule.finer}: {' / '.join(values)}"


def _number(count: int) -> str:
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(count, str(count))
