"""May two records be one person? A score, by which kiosk and desk order whom they propose.

A telephone is a family's and a village many people's: alone they propose nobody. The sex and the
age tell a wife from her husband and a mother from her child.
"""

from __future__ import annotations

from edge.model.patient import PatientFields
from edge.model.patient_codes import Sex
from edge.patients import names, phones

PROBABLE = 0.93
"""From this score on a person is asked before somebody is registered."""

POSSIBLE = 0.85
"""From this score on a record is proposed at the desk, where a clinician looks at both."""

_CARD = 1.0
_PHONE = 0.1
_VILLAGE = 0.04
_SAME_SEX, _OTHER_SEX = 0.02, -0.15
_BORN_ALIKE, _BORN_APART, _EACH_YEAR = 0.04, -0.12, -0.02
_YEARS = 5


def score(one: PatientFields, other: PatientFields, likeness: float | None = None) -> float:
    """Return how probable it is that both are one person; above 1 with the same card.

    `likeness` is that of their names, when it is known already. Twins are two people.
    """
    if _twins(one, other):
        return 0.0
    found = min(_names(one, other) if likeness is None else likeness, 1.0)
    if one.card and one.card == other.card:
        found += _CARD
    if phones.is_same(one.phone, other.phone) and found >= 0.8:
        found += _PHONE
    if one.village and other.village and one.village.casefold() == other.village.casefold():
        found += _VILLAGE
    return found + _sexes(one, other) + _births(one, other)


def _twins(one: PatientFields, other: PatientFields) -> bool:
    numbers = {one.birth_order, other.birth_order}
    return one.mother is not None and one.mother == other.mother and len(numbers - {None}) > 1


def _names(one: PatientFields, other: PatientFields) -> float:
    mine, theirs = names.keys(one.name), names.keys(other.name)
    # A part of a name is like the whole, and the whole is not like the part: both are asked.
    return max(names.likeness(mine, theirs), names.likeness(theirs, mine))


def _sexes(one: PatientFields, other: PatientFields) -> float:
    if Sex.UNKNOWN in (one.sex, other.sex):
        return 0.0
    return _SAME_SEX if one.sex == other.sex else _OTHER_SEX


def _births(one: PatientFields, other: PatientFields) -> float:
    mine, theirs = one.birth_or_likely, other.birth_or_likely
    if mine is None or theirs is None:
        return 0.0
    apart = abs(int(mine[:4]) - int(theirs[:4]))
    return _BORN_ALIKE if apart <= _YEARS else _BORN_APART + _EACH_YEAR * min(apart - _YEARS, 20)
