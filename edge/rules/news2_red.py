"""NEWS2 red score: one parameter that alone scores 3 (Royal College of Physicians, 2017).

For people of 16 years and more; the score is not validated in pregnancy. SpO2 is judged on
scale 1. A value is judged as the chart reads it, rounded half up to the chart's own step: 35.04 °C
is 35.0. This is not the aggregate score: it never adds up, so a missing input hides nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from edge.model.reading import Value
from edge.rules.rule import Rule, RuleResult


def red_scores(values: Sequence[Value], age_years: int | None) -> tuple[RuleResult, ...]:
    """Return the red scores; none when the age is unknown or below 16 (the chart is for adults)."""
    table = _table()
    if age_years is None or age_years < table["minimum_age_years"]:
        return ()
    known = _parameters()
    found = (_judge(value, *known[value.code]) for value in values if value.code in known)
    return tuple(score for score in found if score)


def is_any_red(values: Sequence[Value]) -> bool:
    """Whether a value scores 3 in an adult: only then is it worth asking for the age."""
    return bool(red_scores(values, _table()["minimum_age_years"]))


def citation() -> str:
    """Return where the rule comes from, for whoever reads an alert."""
    return str(_table()["source"])


def minimum_years() -> int:
    """Return the age from which the score is meant to be used."""
    return int(_table()["minimum_age_years"])


def _judge(
    value: Value, name: str, step: Decimal, low: Decimal | None, high: Decimal | None
) -> RuleResult | None:
    read = (value.value / step).to_integral_value(ROUND_HALF_UP) * step
    if low is not None and read <= low:
        return RuleResult(name, value, low)
    if high is not None and read >= high:
        return RuleResult(name, value, high)
    return None


@cache
def _parameters() -> dict[str, tuple[str, Decimal, Decimal | None, Decimal | None]]:
    """Return name, step and bounds of each parameter by its LOINC code."""

    def bound(row: dict[str, object], key: str) -> Decimal | None:
        return Decimal(str(row[key])) if key in row else None

    rows = _table()["parameter"]
    return {
        r["code"]: (r["name"], Decimal(str(r["step"])), bound(r, "low"), bound(r, "high"))
        for r in rows
    }


@cache
def _table() -> dict[str, Any]:
    text = files("edge.rules").joinpath("news2_red.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


RULE = Rule(
    name="news2-red",
    title="NEWS2: one parameter that alone scores 3",
    level="urgent",
    citation=citation,
    concerns=is_any_red,
    judge=red_scores,
    minimum_years=minimum_years,
)
