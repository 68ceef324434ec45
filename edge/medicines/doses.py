"""The dose of a medicine from weight and age: pure, Decimal, never above the table's maximum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from edge.medicines.site_list import DoseRow, Medicine


@dataclass(frozen=True, slots=True)
class Dose:
    """How much at a time, rounded down to what can be given, and how often.

    `most` is the largest amount at a time for this weight and age.
    """

    amount: Decimal
    unit: str
    how_often: str
    most: Decimal


@dataclass(frozen=True, slots=True)
class NoDose:
    """Why no dose can be told: "weight" or "age" is not known, "none" listed, or "outside"."""

    why: str


def of(medicine: Medicine, weight_kg: Decimal | None, age_days: int | None) -> Dose | NoDose:
    """Return the dose that the list has for somebody of this weight and age.

    A row that depends on a weight or an age that is not known is never chosen: the missing fact is
    named instead.
    """
    if not medicine.doses:
        return NoDose("none")
    for row in medicine.doses:
        fits = _fits(row, weight_kg, age_days)
        if isinstance(fits, str):
            return NoDose(fits)
        if fits:
            return _computed(row, weight_kg)
    return NoDose("outside")


def most(medicine: Medicine, unit: str) -> Decimal | None:
    """Return the largest amount at a time that any row of the list has in a unit, or None."""
    return max((row.most for row in medicine.doses if row.unit == unit), default=None)


def _fits(row: DoseRow, weight_kg: Decimal | None, age_days: int | None) -> bool | str:
    """Return whether a row is for somebody, or which fact is missing to say so."""
    if age_days is not None and not _within(age_days, row.from_days, row.below_days):
        return False
    if weight_kg is not None and not _within(weight_kg, row.from_kg, row.below_kg):
        return False
    if row.needs_weight and weight_kg is None:
        return "weight"
    if row.needs_age and age_days is None:
        return "age"
    return True


def _within(
    value: Decimal | int, at_least: Decimal | int | None, below: Decimal | int | None
) -> bool:
    return (at_least is None or value >= at_least) and (below is None or value < below)


def _computed(row: DoseRow, weight_kg: Decimal | None) -> Dose | NoDose:
    exact = row.amount if row.per_kg is None else row.per_kg * (weight_kg or Decimal(0))
    assert exact is not None
    most = row.most if row.per_kg is None else min(exact, row.most)
    steps = (min(exact, row.most) / row.step).to_integral_value(ROUND_FLOOR)
    amount = (steps * row.step).normalize()
    return Dose(amount, row.unit, row.how_often, most) if amount > 0 else NoDose("outside")
