"""The facts of an assessment judged once more, here, by the same engine.

Box and hospital run the same code on the same numbers, so by the same table they say the same. A
difference is shown, never hidden: one of the two ends has another release, or a table was changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge import rules
from edge.assessments import judging, uncertain
from edge.rules.assessment import to_json
from edge.rules.table import RuleTable
from hospital.patients.assessments import StoredAssessment


@dataclass(frozen=True, slots=True)
class SecondJudgement:
    """What this hospital's table says of the same facts.

    `same_table`: it is the very table that judged at the clinic. `agrees`: status, level and result
    are the same.
    """

    rule: RuleTable
    status: str
    level: str
    result: Mapping[str, object]
    same_table: bool
    agrees: bool


def of(stored: StoredAssessment) -> SecondJudgement | None:
    """Judge the facts of an assessment once more; None when this hospital knows no such rule."""
    rule = rules.rules().get(stored.rule)
    if rule is None:
        return None
    found = uncertain.judge(judging.by_rule(rule), stored.facts).assessment
    result: Mapping[str, object] = json.loads(to_json(found.result))
    said = (stored.status, stored.level, json.loads(to_json(stored.result)))
    agrees = said == (found.status, found.level, result)
    same = rule.sha256 == stored.sha256
    return SecondJudgement(rule, found.status, found.level, result, same, agrees)
