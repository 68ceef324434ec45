"""Growth of children: z-scores by the WHO Child Growth Standards (0-5 years) and Reference (5-19).

Below 731 days a child is measured lying, from then on standing; where it was measured the other
way, 0.7 cm are added or taken (WHO Child Growth Standards, 2006, chapter 2). Which way it was must
be said: the difference is up to 0.3 of a z-score. With oedema of both feet there is no z-score of
weight. Nothing here decides: `edge/rules/tables/` says what a z-score means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

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


def z_score(name: str, child: Child) -> Decimal | None:
    """Return one z-score up to 60 months, None when it cannot be had.

    Without `position` there is none that needs a length, with oedema none of weight.
    """
    return _UP_TO_5[name](child)


def z_score_5_19(name: str, child: Child) -> Decimal | None:
    """Return `z_bmi` or `z_hfa` from 61 to 228 months; standing height is meant."""
    months = child.age_days / MEAN_MONTH_DAYS
    if not FIRST_MONTH <= months <= LAST_MONTH:
        return None
    which, value = "height-for-age-5-19", child.height_cm
    if name == "z_bmi":
        weight = None if child.oedema else child.weight_kg
        which, value = "bmi-for-age-5-19", body_mass_index(weight, child.height_cm)
    row = table(which).between(child.sex, months)
    return None if row is None or value is None else row.z(value)


def expected_position(age_days: int) -> str:
    """Return how a child of this age is measured."""
    return LYING if age_days < STANDS_FROM_DAYS else STANDING


def standard_length(child: Child) -> Decimal | None:
    """Return length or height as the standards mean it at this age, in cm; None when unsaid."""
    if child.height_cm is None or child.position is None:
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


def _weight(child: Child) -> Decimal | None:
    return None if child.oedema else child.weight_kg


def _by_age(name: str, child: Child, value: Decimal | None) -> Decimal | None:
    row = None if value is None else table(name).row(child.sex, child.age_days)
    return None if row is None or value is None else row.z(value)


def _by_length(child: Child) -> Decimal | None:
    weight, length = _weight(child), standard_length(child)
    if weight is None or length is None or not 0 <= child.age_days <= LAST_DAY:
        return None
    stands = child.age_days >= STANDS_FROM_DAYS
    which = "weight-for-height" if stands else "weight-for-length"
    row = table(which).between(child.sex, length * 10)
    return None if row is None else row.z(weight)


def _mass_for_age(child: Child) -> Decimal | None:
    index = body_mass_index(_weight(child), standard_length(child))
    return _by_age("bmi-for-age", child, index)


_UP_TO_5: Final[Mapping[str, Callable[[Child], Decimal | None]]] = {
    "z_lhfa": lambda child: _by_age("length-for-age", child, standard_length(child)),
    "z_wfa": lambda child: _by_age("weight-for-age", child, _weight(child)),
    "z_wflh": _by_length,
    "z_bmi": _mass_for_age,
    "z_acfa": lambda child: _by_age("arm-for-age", child, child.muac_mm and child.muac_mm / 10),
    "z_hcfa": lambda child: _by_age("head-for-age", child, child.head_cm),
}
SCORES: Final = tuple(_UP_TO_5)
"""The z-scores up to 60 months: length, weight, weight for length, mass index, arm, head."""
