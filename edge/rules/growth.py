"""Growth of children: z-scores by the WHO Child Growth Standards (0-5 years) and Reference (5-19).

Below 731 days a child is measured lying, from then on standing; where it was measured the other
way, 0.7 cm are added or taken (WHO Child Growth Standards, 2006, chapter 2). Which way it was must
be said: the difference is up to 0.3 of a z-score. With oedema of both feet there is no z-score of
weight. Nothing here decides: `edge/rules/tables/` says what a z-score means.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from edge.rules.lms import table

LYING, STANDING = "lying", "standing"

STANDS_FROM_DAYS = 731
"""24 months: from this day the standards are of standing children."""

LAST_DAY = 1856
"""The last day of the standards: 60 completed months."""

FIRST_MONTH, LAST_MONTH = 61, 228
"""The reference for 5 to 19 years, in months."""

LYING_MORE_CM = Decimal("0.7")
"""How much longer a child is lying than standing."""

MEAN_MONTH_DAYS = Decimal("30.4375")


@dataclass(frozen=True, slots=True)
class Child:
    """What was measured of a child: sex `f` or `m`, age in days, kg, cm, mm; None: not measured."""

    sex: str
    age_days: int
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    position: str | None = None
    muac_mm: Decimal | None = None
    head_cm: Decimal | None = None
    oedema: bool = False


def z_scores(child: Child) -> dict[str, Decimal]:
    """Return the z-scores that can be had, by name; without `position` none that needs a length."""
    length = None if child.position is None else standard_length(child)
    weight = None if child.oedema else child.weight_kg
    found = {
        "z_lhfa": _by_age("length-for-age", child, length),
        "z_wfa": _by_age("weight-for-age", child, weight),
        "z_wflh": _by_length(child, weight, length),
        "z_bmi": _by_age("bmi-for-age", child, body_mass_index(weight, length)),
        "z_acfa": _by_age("arm-for-age", child, child.muac_mm and child.muac_mm / 10),
        "z_hcfa": _by_age("head-for-age", child, child.head_cm),
    }
    return {name: z for name, z in found.items() if z is not None}


def z_scores_5_19(child: Child) -> dict[str, Decimal]:
    """Return the z-scores from 61 to 228 months; standing height is meant."""
    months = child.age_days / MEAN_MONTH_DAYS
    if not FIRST_MONTH <= months <= LAST_MONTH:
        return {}
    weight = None if child.oedema else child.weight_kg
    values = {
        "z_bmi": ("bmi-for-age-5-19", body_mass_index(weight, child.height_cm)),
        "z_hfa": ("height-for-age-5-19", child.height_cm),
    }
    found: dict[str, Decimal] = {}
    for name, (which, value) in values.items():
        row = table(which).between(child.sex, months)
        z = None if row is None or value is None else row.z(value)
        if z is not None:
            found[name] = z
    return found


def expected_position(age_days: int) -> str:
    """Return how a child of this age is measured."""
    return LYING if age_days < STANDS_FROM_DAYS else STANDING


def standard_length(child: Child) -> Decimal | None:
    """Return length or height as the standards mean it at this age, in cm."""
    if child.height_cm is None:
        return None
    if child.position == expected_position(child.age_days):
        return child.height_cm
    more = LYING_MORE_CM if child.position == STANDING else -LYING_MORE_CM
    return child.height_cm + more


def body_mass_index(weight_kg: Decimal | None, height_cm: Decimal | None) -> Decimal | None:
    """Return kg/m2, not rounded; None when one is missing or not above 0."""
    if weight_kg is None or height_cm is None or weight_kg <= 0 or height_cm <= 0:
        return None
    metres = height_cm / 100
    return weight_kg / (metres * metres)


def _by_age(name: str, child: Child, value: Decimal | None) -> Decimal | None:
    row = table(name).row(child.sex, child.age_days)
    return None if row is None or value is None else row.z(value)


def _by_length(
    child: Child, weight_kg: Decimal | None, length_cm: Decimal | None
) -> Decimal | None:
    if weight_kg is None or length_cm is None or not 0 <= child.age_days <= LAST_DAY:
        return None
    stands = child.age_days >= STANDS_FROM_DAYS
    which = "weight-for-height" if stands else "weight-for-length"
    row = table(which).between(child.sex, length_cm * 10)
    return None if row is None else row.z(weight_kg)
