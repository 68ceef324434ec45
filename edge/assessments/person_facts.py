"""The facts about a person that rules ask for: age, sex, pregnancy, and the place.

What nobody said is no fact: a rule then gives what is certain without it, and somebody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from edge.assessments import ages, site_facts
from edge.assessments.ages import PossibleAges
from edge.assessments.cause import Cause
from edge.assessments.uncertain import AGE_FACTS, LIKELY, PREGNANT, SEX
from edge.model.patient import Patient
from edge.model.patient_codes import Sex
from edge.patients import register
from edge.store.store import Store

YOUNGEST_MOTHER, OLDEST_MOTHER = 10, 54
"""Years in which a pregnancy is asked for. WHO counts women of 15 to 49 years as of reproductive
age; the margin on either side is the project's own, for a clinician to sign."""

AGE_KNOWN = "age_known"

CORRECTED = "corrected "
"""Before the name of a fact about the age: counted from the day on which the birth was due."""

_SEXES = {Sex.FEMALE: "f", Sex.MALE: "m"}


def of(store: Store, patient_ids: Sequence[str], cause: Cause) -> dict[str, object]:
    """Return what is known of a person on the day of a cause."""
    age = age_of(store, patient_ids, cause.day)
    facts = site_facts.known(store) | ({} if age is None else _age_facts(age))
    facts[AGE_KNOWN] = age is not None
    corrected = _first(store, patient_ids, cause.day, ages.corrected)
    if corrected is not None:
        facts |= {f"{CORRECTED}{name}": fact for name, fact in _age_facts(corrected).items()}
    sex = _sex(store, patient_ids)
    if sex is not None:
        facts[SEX] = sex
    if sex == "m" or (age is not None and not _may_be_pregnant(age)):
        facts[PREGNANT] = False
    return facts


def age_of(store: Store, patient_ids: Sequence[str], day: date) -> PossibleAges | None:
    """Return the ages of a person by the first of the records that knows one."""
    return _first(store, patient_ids, day, ages.of)


def _first(
    store: Store,
    patient_ids: Sequence[str],
    day: date,
    of_patient: Callable[[Patient, date], PossibleAges | None],
) -> PossibleAges | None:
    found = (of_patient(patient, day) for patient in register.held(store, patient_ids))
    return next((age for age in found if age is not None), None)


def _sex(store: Store, patient_ids: Sequence[str]) -> str | None:
    found = (_SEXES.get(patient.sex) for patient in register.held(store, patient_ids))
    return next((sex for sex in found if sex is not None), None)


def _may_be_pregnant(age: PossibleAges) -> bool:
    return age.most.years >= YOUNGEST_MOTHER and age.least.years <= OLDEST_MOTHER


def _age_facts(age: PossibleAges) -> dict[str, object]:
    counts = [(getattr(age.least, n), getattr(age.most, n)) for n in ("days", "months", "years")]
    if age.is_exact:
        return {name: least for name, (least, _) in zip(AGE_FACTS, counts, strict=True)}
    spans = zip(AGE_FACTS, counts, strict=True)
    facts: dict[str, object] = {name: {"least": low, "most": high} for name, (low, high) in spans}
    return facts | {LIKELY: age.likely.days}
