"""Is this number possible at all, and should it be measured again?

Limits, their version and their source stand in `plausibility.toml`. Units must match exactly:
a value in a unit that the table does not know is refused rather than compared with wrong limits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from edge.model.reading import Code, Measurement, Value

_SYSTOLIC, _DIASTOLIC = Code.SYSTOLIC.value, Code.DIASTOLIC.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard and soft limits of one value, inclusive, in its unit."""

    code: str
    name: str
    unit: str
    hard: tuple[Decimal, Decimal]
    soft: tuple[Decimal, Decimal] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a value: `kind` and `name` are stable words, `text` is plain English."""

    kind: str
    name: str
    text: str


def impossible(values: Iterable[Value]) -> Finding | None:
    """Return why these values cannot be a reading (hard limits), or None."""
    values = tuple(values)
    if not values:
        return Finding("no-values", "", "the device gave no value")
    table = _table()
    for value in values:
        finding = _hard(value, table.get((value.code, value.unit)))
        if finding:
            return finding
    return _crossed(values)


def refusal(measured: Measurement) -> Finding | None:
    """Return why a measurement cannot be a reading, or None; results in words have no limits."""
    if measured.coded and not measured.values:
        return None
    return impossible(measured.values)


def doubtful(values: Iterable[Value]) -> tuple[Finding, ...]:
    """Return the values that a person should measure again or confirm (soft limits, adults)."""
    values, table = tuple(values), _table()
    found = (_soft(v, table.get((v.code, v.unit))) for v in values)
    return tuple(f for f in found if f) + _pulse_pressure(values)


def limits_of(code: str, unit: str) -> Limits | None:
    """Return the limits of a value, or None when the table has none for this code and unit."""
    return _table().get((code, unit))


def _hard(value: Value, limits: Limits | None) -> Finding | None:
    if limits is None:
        return _unknown(value)
    low, high = limits.hard
    if value.comparator or low <= value.value <= high:
        return None
    return Finding(
        "out-of-range",
        limits.name,
        f"{limits.name} {value.value} {value.unit} is outside {low} to {high}",
    )


def _unknown(value: Value) -> Finding | None:
    if any(code == value.code for code, _ in _table()):
        text = f"{value.code} came in {value.unit}, which the table of limits does not know"
        return Finding("unit", value.code, text)
    return None  # a quantity without limits, such as body fat, is kept as it is


def _crossed(values: tuple[Value, ...]) -> Finding | None:
    systolic, diastolic = _pressures(values)
    if systolic is None or diastolic is None or systolic > diastolic:
        return None
    text = f"systolic {systolic} is not above diastolic {diastolic}"
    return Finding("crossed", "systolic", text)


def _soft(value: Value, limits: Limits | None) -> Finding | None:
    if limits is None or limits.soft is None:
        return None
    low, high = limits.soft
    if low <= value.value <= high and not value.comparator:
        return None
    return Finding("repeat", limits.name, f"{limits.name} {value.value} {value.unit}")


def _pulse_pressure(values: tuple[Value, ...]) -> tuple[Finding, ...]:
    systolic, diastolic = _pressures(values)
    if systolic is None or diastolic is None or 20 <= systolic - diastolic <= 100:
        return ()
    text = f"pulse pressure {systolic - diastolic} mm[Hg] is outside 20 to 100"
    return (Finding("repeat", "pulse-pressure", text),)


def _pressures(values: tuple[Value, ...]) -> tuple[Decimal | None, Decimal | None]:
    systolic = diastolic = None
    for v in values:
        if v.code == _SYSTOLIC:
            systolic = v.value
        elif v.code == _DIASTOLIC:
            diastolic = v.value
    return systolic, diastolic


@cache
def _table() -> dict[tuple[str, str], Limits]:
    text = files("edge.rules").joinpath("plausibility.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text, parse_float=Decimal)["value"]
    return {(row["code"], row["unit"]): _limits(row) for row in rows}


def _limits(row: dict[str, object]) -> Limits:
    def pair(key: str) -> tuple[Decimal, Decimal] | None:
        bounds = row.get(key)
        if not isinstance(bounds, list):
            return None
        return Decimal(bounds[0]), Decimal(bounds[1])

    hard = pair("hard")
    if hard is None:
        raise ValueError(f"plausibility.toml: {row['code']} has no hard limits")
    return Limits(str(row["code"]), str(row["name"]), str(row["unit"]), hard, pair("soft"))
