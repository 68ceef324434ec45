"""A stored assessment judged once more by the tables that are loaded now; nothing is changed.

Box and hospital run the same code on the same numbers, so by the same table they say the same. A
difference is shown, never hidden: one of the two ends has another release, or the table is newer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from edge.assessments import judging, uncertain
from edge.rules.assessment import to_json
from edge.rules.table import RuleTable


class Recorded(Protocol):
    """An assessment as it was recorded, at a box or at the hospital."""

    @property
    def rule(self) -> str: ...  # noqa: D102 - as in the entry
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> str: ...  # noqa: D102
    @property
    def result(self) -> Mapping[str, object]: ...  # noqa: D102
    @property
    def facts(self) -> Mapping[str, object]: ...  # noqa: D102
    @property
    def day(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SecondJudgement:
    """What the table that is loaded says of the same facts.

    `same_table`: it is the very table that judged. `agrees`: status, level and result are the same.
    """

    rule: RuleTable
    status: str
    level: str
    result: Mapping[str, object]
    same_table: bool
    agrees: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many assessments were judged once more, of how many, and which say another thing now."""

    judged: int
    of: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An assessment that the loaded table would not give; `name` names its entry."""

    name: str
    day: str
    rule: str
    was: Mapping[str, object]
    becomes: Mapping[str, object]


def of(stored: Recorded, tables: Mapping[str, RuleTable]) -> SecondJudgement | None:
    """Judge the facts of an assessment once more; None when there is no such rule here."""
    rule = tables.get(stored.rule)
    if rule is None:
        return None
    found = uncertain.judge(judging.by_rule(rule), stored.facts).assessment
    result: Mapping[str, object] = json.loads(to_json(found.result))
    said = (stored.status, stored.level, json.loads(to_json(stored.result)))
    agrees = said == (found.status, found.level, result)
    same = rule.sha256 == stored.sha256
    return SecondJudgement(rule, found.status.value, found.level.value, result, same, agrees)


def compare(recorded: Iterable[Recorded], tables: Mapping[str, RuleTable]) -> Comparison:
    """Judge assessments once more and list every one that would be another."""
    counts, differences = [0, 0], []
    for one in recorded:
        counts[1] += 1
        second = of(one, tables)
        if second is None:
            continue
        counts[0] += 1
        if not second.agrees:
            differences.append(_difference(one, second))
    return Comparison(counts[0], counts[1], tuple(differences))


def lines(comparison: Comparison) -> Iterator[str]:
    """Yield a comparison in words, one line a difference."""
    yield f"{comparison.judged} of {comparison.of} assessments judged once more"
    yield f"{len(comparison.differences)} would be another; nothing stored was changed"
    for one in comparison.differences:
        was, becomes = one.was, one.becomes
        yield (
            f"{one.day} {one.rule} {one.name}: version {was['version']} said {was['level']}"
            f" {to_json(was['result'])}; version {becomes['version']} says {becomes['level']}"
            f" {to_json(becomes['result'])}"
        )


def _difference(stored: Recorded, second: SecondJudgement) -> Difference:
    was = {name: getattr(stored, name) for name in ("version", "sha256", "status", "level")}
    now = {"version": second.rule.version, "sha256": second.rule.sha256}
    becomes = now | {"status": second.status, "level": second.level}
    return Difference(
        stored.name,
        stored.day,
        stored.rule,
        was | {"result": stored.result},
        becomes | {"result": second.result},
    )
