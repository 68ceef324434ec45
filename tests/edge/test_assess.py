"""Rules judge as the published tables say: every row of the vectors, by the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edge.rules import rules
from edge.rules.assessment import Status
from edge.rules.engine import assess

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "clinical.json").read_text("utf-8"),
    parse_float=Decimal,
    parse_int=Decimal,
)
ROWS = [("news2", row) for row in VECTORS["news2"]] + [(r["rule"], r) for r in VECTORS["other"]]
KNOWN = [(rule, row) for rule, row in ROWS if rule in rules()]


def agrees(found: object, expected: object, key: str = "") -> bool:
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and all(
            agrees(found.get(name), value, name) for name, value in expected.items()
        )
    if isinstance(expected, Decimal):
        slack = Decimal("0.01") if key.startswith("z_") else 0
        return isinstance(found, Decimal) and abs(found - expected) <= slack
    return found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("rule", "row"), KNOWN, ids=lambda v: v["id"] if isinstance(v, dict) else v
)
def test_a_rule_judges_as_its_source_says(rule: str, row: dict[str, Any]) -> None:
    result = assess(rules()[rule], row["input"]).result
    assert {key: result.get(key) for key in row["expect"]} == row["expect"]
    assert agrees(result, row["expect"])


def test_of_equal_levels_the_response_is_the_one_that_is_certain() -> None:
    rule = rules()["preeclampsia_signs"]
    facts = {"pregnant": True, "sbp": 165, "dbp": 112, "severe_headache": True}
    assert assess(rule, facts).responses == (rule.responses["severe_signs"],)
    fits = {**facts, "convulsion": True}
    assert assess(rule, fits).responses == (rule.responses["convulsion"],)


def test_of_words_without_an_order_none_is_said_that_is_not_certain() -> None:
    rule = rules()["imci_temperature"]
    found = assess(rule, {"age_months": 1, "axillary_temp_c": Decimal("38.6")})
    said = {one.staff for one in found.responses} & {one.staff for one in rule.responses.values()}
    assert (len(said) == 1) == (found.status is Status.OK)
