"""The formulas that a table may name: pure functions, each with its source.

A formula takes the values of the names under `of`, in their order, and gives one value, or None
where it is not defined. It is called with known values only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from edge.model.units import reckoned
from edge.rules.body_formulas import BODY_FORMULAS
from edge.rules.possible import Word


def ratio(above: Decimal, below: Decimal) -> Decimal | None:
    """Return the quotient, such as the shock index: pulse by systolic pressure."""
    return above / below if below else None


def above_pressure_limit(systolic: Decimal, age_years: Decimal) -> Decimal:
    """Return a systolic pressure less 70 + 2 x age (Pediatric Advanced Life Support)."""
    return systolic - (70 + 2 * age_years)


def glucose_shown(value: Decimal, unit: str, wanted: str) -> str:
    """Return glucose in the other unit as people write it: mmol/L to 0.1, mg/dL to 1."""
    step = Decimal(1) if wanted == "mg/dL" else Decimal("0.1")
    return str(reckoned(value, unit, wanted).quantize(step, ROUND_HALF_UP))


def hba1c_ifcc(value: Decimal, unit: str) -> Decimal:
    """Return HbA1c in mmol/mol: 10.929 x (NGSP % - 2.15), the IFCC-NGSP master equation (2007)."""
    return value if unit == "mmol/mol" else Decimal("10.929") * (value - Decimal("2.15"))


FORMULAS: Final[Mapping[str, Callable[..., Word | None]]] = {
    "ratio": ratio,
    "above_pressure_limit": above_pressure_limit,
    "glucose_shown": glucose_shown,
    "hba1c_ifcc": hba1c_ifcc,
    **BODY_FORMULAS,
}
"""Every formula, by the name that a table writes."""

MONOTONE: Final = frozenset(
    {"body_mass_index", "altitude_adjustment_of_haemoglobin", "adjusted_haemoglobin"}
)
"""Formulas that only rise or only fall with each number: their bounds follow from its bounds."""
