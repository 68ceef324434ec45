"""Is this number possible at all, and should it be measured again?

Limits, their version and their source stand in `plausibility.toml`. Units must match exactly:
a value in a unit that the table does not know is refused rather than compared with wrong limits.
Children's limits stand in `plausibility_children.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from edge.model.age import Age
from edge.model.reading import LEFT_OUT, Code, Kind, Measurement, Value

_SYSTOLIC, _DIASTOLIC = Code.SYSTOLIC.value, Code.DIASTOLIC.value

_MAIN: Mapping[Kind, frozenset[str]] = {
    Kind.BLOOD_PRESSURE: frozenset({Code.SYSTOLIC, Code.DIASTOLIC}),
    Kind.OXIMETRY: frozenset({Code.SPO2}),
    Kind.WEIGHT: frozenset({Code.WEIGHT}),
    Kind.HEIGHT: frozenset({Code.HEIGHT}),
    Kind.BODY_COMPOSITION: frozenset({Code.WEIGHT}),
}
"""What a measurement of a kind is for; its other values stand beside these."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard and soft limits of one value, inclusive, in its unit.

    Outside `improbable`, where there is one, a value is hardly that of a person.
    """

    code: str
    name: str
    unit: str
    hard: tuple[Decimal, Decimal]
    soft: tuple[Decimal, Decimal] | None
    improbable: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Soft limits of children below an age, by the names of the values."""

    under_days: int | None
    under_years: int | None
    soft: Mapping[str, tuple[Decimal, Decimal]]

    def holds(self, age: Age) -> bool:
        """Whether somebody of this age is below the band's."""
        if self.under_days is not None:
            return age.years == 0 and age.days < self.under_days
        return self.under_years is not None and age.years < self.under_years


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


def without_impossible(measured: Measurement) -> Measurement:
    """Leave out what cannot be and only stands beside the main values, with the mark `LEFT_OUT`.

    A mean pressure of 0 does not take a pressure of 190/112 away. A main value that cannot be
    stays, and is a reason to refuse the whole; so does the only kind of value that there is.
    """
    main = _MAIN.get(measured.kind, frozenset())
    if not any(value.code in main for value in measured.values):
        return measured
    table = _table()
    kept = tuple(
        value
        for value in measured.values
        if value.code in main or _hard(value, table.get((value.code, value.unit))) is None
    )
    if len(kept) == len(measured.values):
        return measured
    return replace(measured, values=kept, quality=(*measured.quality, LEFT_OUT))


def refusal(measured: Measurement) -> Finding | None:
    """Return why a measurement cannot be a reading, or None; results in words have no limits."""
    if measured.coded and not measured.values:
        return None
    return impossible(measured.values)


def doubtful(values: Iterable[Value], age: Age | None = None) -> tuple[Finding, ...]:
    """Return the values that a person should measure again or confirm (soft limits).

    By the age: children have their own limits; where it is not known, those of adults hold.
    """
    values, table = tuple(values), _table()
    band = next((b for b in _bands() if age is not None and b.holds(age)), None)
    found = (_soft(v, table.get((v.code, v.unit)), band) for v in values)
    apart = () if band else _pulse_pressure(values)  # the bounds of pulse pressure are of adults
    return tuple(f for f in found if f) + apart


def improbable(values: Iterable[Value]) -> tuple[Finding, ...]:
    """Return the values that are possible and hardly a person's."""
    table = _table()
    found = ((v, table.get((v.code, v.unit))) for v in values)
    return tuple(
        Finding("improbable", limits.name, f"{limits.name} {v.value} {v.unit}")
        for v, limits in found
        if limits is not None and limits.improbable and not _within(v, limits.improbable)
    )


def all_limits() -> tuple[Limits, ...]:
    """Return every row of the table, for whoever reads it."""
    return tuple(_table().values())


def limits_of(code: str, unit: str) -> Limits | None:
    """Return the limits of a value, or None when the table has none for this code and unit."""
    return _table().get((code, unit))


def _hard(value: Value, limits: Limits | None) -> Finding | None:
    if limits is None:
        return _unknown(value)
    low, high = limits.hard
    if value.comparator or _within(value, limits.hard):
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
    return None  # a quantity without limits, such as a ketone, is kept as it is


def _crossed(values: tuple[Value, ...]) -> Finding | None:
    systolic, diastolic = _pressures(values)
    if systolic is None or diastolic is None or systolic > diastolic:
        return None
    text = f"systolic {systolic} is not above diastolic {diastolic}"
    return Finding("crossed", "systolic", text)


def _within(value: Value, bounds: tuple[Decimal, Decimal]) -> bool:
    return bounds[0] <= value.value <= bounds[1]


def _soft(value: Value, limits: Limits | None, band: Band | None) -> Finding | None:
    if limits is None:
        return None
    soft = limits.soft if band is None else band.soft.get(limits.name, limits.soft)
    inside = [bounds for bounds in (soft, limits.improbable) if bounds is not None]
    if not inside or (all(_within(value, b) for b in inside) and not value.comparator):
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


@cache
def _bands() -> tuple[Band, ...]:
    text = files("edge.rules").joinpath("plausibility_children.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text, parse_float=Decimal)["band"]
    return tuple(_band(row) for row in rows)


def _band(row: Mapping[str, Any]) -> Band:
    soft = {
        name: (Decimal(bounds[0]), Decimal(bounds[1]))
        for name, bounds in row.items()
        if isinstance(bounds, list)
    }
    return Band(row.get("under_days"), row.get("under_years"), soft)


def _limits(row: dict[str, object]) -> Limits:
    def pair(key: str) -> tuple[Decimal, Decimal] | None:
        bounds = row.get(key)
        if not isinstance(bounds, list):
            return None
        return Decimal(bounds[0]), Decimal(bounds[1])

    hard = pair("hard")
    if hard is None:
        raise ValueError(f"plausibility.toml: {row['code']} has no hard limits")
    named = (str(row["code"]), str(row["name"]), str(row["unit"]))
    return Limits(*named, hard, pair("soft"), pair("improbable"))
