"""The formulas of growth, body mass, haemoglobin and risk, as tables name them.

Each takes known values of facts and gives one value, or None where it is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from edge.rules import growth, risk_chart
from edge.rules.growth import Child
from edge.rules.possible import Word

_LINEAR, _SQUARE = Decimal("0.0056384"), Decimal("0.0000003")
_SMOKER_G_PER_L = Decimal(3)


def length_for_age(sex: str, age: Decimal, height: Decimal, position: str) -> Decimal | None:
    """Return the z-score of a length or height that was measured lying or standing."""
    return growth.z_score("z_lhfa", Child(sex, int(age), None, height, position))


def length_for_age_as_expected(sex: str, age: Decimal, height: Decimal) -> Decimal | None:
    """Return it as if measured the way that a child of this age is measured."""
    return length_for_age(sex, age, height, growth.expected_position(int(age)))


def weight_for_age(sex: str, age: Decimal, weight: Decimal, oedema: bool) -> Decimal | None:
    """Return the z-score of a weight; none with swollen feet."""
    return growth.z_score("z_wfa", Child(sex, int(age), weight, oedema=oedema))


def weight_for_length(
    sex: str, age: Decimal, weight: Decimal, height: Decimal, *how: Word
) -> Decimal | None:
    """Return the z-score of a weight by length; `how` is the position, and whether feet swell."""
    return _by_both("z_wflh", sex, age, weight, height, *how)


def weight_for_length_as_expected(
    sex: str, age: Decimal, weight: Decimal, height: Decimal, oedema: bool
) -> Decimal | None:
    """Return it as if measured the way that a child of this age is measured."""
    how = growth.expected_position(int(age)), oedema
    return _by_both("z_wflh", sex, age, weight, height, *how)


def body_mass_index_for_age(
    sex: str, age: Decimal, weight: Decimal, height: Decimal, *how: Word
) -> Decimal | None:
    """Return the z-score of a body mass index up to 5 years."""
    return _by_both("z_bmi", sex, age, weight, height, *how)


def arm_for_age(sex: str, age: Decimal, muac: Decimal) -> Decimal | None:
    """Return the z-score of the circumference of the upper arm, in mm."""
    return growth.z_score("z_acfa", Child(sex, int(age), muac_mm=muac))


def head_for_age(sex: str, age: Decimal, head: Decimal) -> Decimal | None:
    """Return the z-score of the circumference of the head, in cm."""
    return growth.z_score("z_hcfa", Child(sex, int(age), head_cm=head))


def body_mass_index_for_age_5_19(
    sex: str, age: Decimal, weight: Decimal, height: Decimal, oedema: bool
) -> Decimal | None:
    """Return the z-score of a body mass index from 5 to 19 years."""
    measured = Child(sex, int(age), weight, height, oedema=oedema)
    return growth.z_score_5_19("z_bmi", measured)


def height_for_age_5_19(sex: str, age: Decimal, height: Decimal) -> Decimal | None:
    """Return the z-score of a standing height from 5 to 19 years."""
    return growth.z_score_5_19("z_hfa", Child(sex, int(age), None, height))


def altitude_adjustment_of_haemoglobin(altitude: Decimal) -> Decimal:
    """Return the g/L of haemoglobin that belong to the metres (WHO, 2024)."""
    return _LINEAR * altitude + _SQUARE * altitude * altitude


def adjusted_haemoglobin(haemoglobin: Decimal, altitude: Decimal, smoker: bool) -> Decimal:
    """Return g/L as at sea level, of somebody who does not smoke (smoking: from memory)."""
    of_smoke = _SMOKER_G_PER_L if smoker else Decimal(0)
    return haemoglobin - altitude_adjustment_of_haemoglobin(altitude) - of_smoke


def cardiovascular_risk(
    region: str, sex: str, smoker: bool, age: Decimal, *bands: Decimal
) -> Decimal | None:
    """Return the risk in percent in 10 years; `bands` are of pressure and of body mass index."""
    person = risk_chart.Person(sex, int(age), smoker)
    percent = risk_chart.risk(region, person, int(bands[0]), int(bands[1]))
    return None if percent is None else Decimal(percent)


def _by_both(
    name: str, sex: str, age: Decimal, weight: Decimal, height: Decimal, *how: Word
) -> Decimal | None:
    position, oedema = how
    measured = Child(sex, int(age), weight, height, str(position), oedema=oedema is True)
    return growth.z_score(name, measured)


BODY_FORMULAS: Final[Mapping[str, Callable[..., Word | None]]] = {
    "length_for_age": length_for_age,
    "length_for_age_as_expected": length_for_age_as_expected,
    "weight_for_age": weight_for_age,
    "weight_for_length": weight_for_length,
    "weight_for_length_as_expected": weight_for_length_as_expected,
    "body_mass_index": growth.body_mass_index,
    "body_mass_index_for_age": body_mass_index_for_age,
    "arm_for_age": arm_for_age,
    "head_for_age": head_for_age,
    "body_mass_index_for_age_5_19": body_mass_index_for_age_5_19,
    "height_for_age_5_19": height_for_age_5_19,
    "altitude_adjustment_of_haemoglobin": altitude_adjustment_of_haemoglobin,
    "adjusted_haemoglobin": adjusted_haemoglobin,
    "cardiovascular_risk": cardiovascular_risk,
}
"""By the name that a table writes."""
