"""The formulas that a table may name: pure functions, each with its source.

A formula takes the values of the names under `of`, in their order, and gives one value, or None
where it is not defined. It is called with known values only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from edge.rules.body_formulas import BODY_FORMULAS
from edge.rules.possible import Word


def ratio(above: Decimal, below: Decimal) -> Decimal | None:
    """Return the quotient, such as the shock index: pulse by systolic pressure."""
    return above / below if below else None


FORMULAS: Final[Mapping[str, Callable[..., Word | None]]] = {
    "ratio": ratio,
    **BODY_FORMULAS,
}
"""Every formula, by the name that a table writes."""

MONOTONE: Final = frozenset(
    {"body_mass_index", "altitude_adjustment_of_haemoglobin", "adjusted_haemoglobin"}
)
"""Formulas that only rise or only fall with each number: their bounds follow from its bounds."""
