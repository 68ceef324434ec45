"""One quantity in several units: what was measured stays, what is shown or judged is reckoned.

Glucose: 1 mmol/L is 18.0156 mg/dL (molar mass 180.156 g/mol, ISO 15197:2013 uses 18). One pound
is 0.45359237 kg exactly (international yard and pound agreement, 1959).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from edge.model.reading import Code, Value

MG_DL_OF_MMOL_L = Decimal("18.0156")
KG_OF_POUND = Decimal("0.45359237")

SAME_VITAL: dict[str, tuple[str, ...]] = {
    Code.GLUCOSE_MMOL_L: (Code.GLUCOSE_MMOL_L, Code.GLUCOSE_MG_DL),
}
"""Codes that LOINC tells apart by their unit and people do not: one vital, under the first."""

_BY_UNIT: dict[tuple[str, str], str] = {
    (Code.GLUCOSE_MG_DL, "mmol/L"): Code.GLUCOSE_MMOL_L,
    (Code.GLUCOSE_MMOL_L, "mg/dL"): Code.GLUCOSE_MG_DL,
}
"""The code of a value in its other unit, where it has another."""

_RECKONED: dict[tuple[str, str], tuple[Callable[[Decimal], Decimal], str]] = {
    ("mmol/L", "mg/dL"): (lambda v: v * MG_DL_OF_MMOL_L, "1"),
    ("mg/dL", "mmol/L"): (lambda v: v / MG_DL_OF_MMOL_L, "0.1"),
    ("[degF]", "Cel"): (lambda v: (v - 32) * 5 / 9, "0.1"),
    ("[lb_av]", "kg"): (lambda v: v * KG_OF_POUND, "0.01"),
    ("g/dL", "g/L"): (lambda v: v * 10, "1"),
}


def codes_of(code: str) -> tuple[str, ...]:
    """Return the codes of the vital that is shown under a code."""
    return SAME_VITAL.get(code, (code,))


def in_unit(value: Value, unit: str) -> Value:
    """Return a value in another unit (UCUM), rounded half up to what people write in it.

    Raises `LookupError` when it cannot be reckoned.
    """
    if value.unit == unit:
        return value
    step = Decimal(_RECKONED[value.unit, unit][1])
    number = reckoned(value.value, value.unit, unit).quantize(step, ROUND_HALF_UP)
    return replace(
        value, code=_BY_UNIT.get((value.code, unit), value.code), value=number, unit=unit
    )


def reckoned(number: Decimal, unit: str, wanted: str) -> Decimal:
    """Return a number in another unit (UCUM), not rounded; raises `LookupError`."""
    return number if unit == wanted else _RECKONED[unit, wanted][0](number)


def other_unit(value: Value) -> Value | None:
    """Return a value of glucose in the other unit, None for any other value."""
    if value.code not in SAME_VITAL[Code.GLUCOSE_MMOL_L] or value.unit not in ("mmol/L", "mg/dL"):
        return None
    return in_unit(value, "mg/dL" if value.unit == "mmol/L" else "mmol/L")
