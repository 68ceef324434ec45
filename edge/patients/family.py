"""Mother and child: a baby before it has a name, tied to its mother, and twins apart.

A baby is a patient of its own from the first minute. Its mother is named by her id, so that the
name it gets later, or another telephone, takes nothing away from the tie.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from edge.model.clock import Stamp
from edge.model.errors import ActionRefused, NotFound
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit, Sex
from edge.patients import birth, edits, register
from edge.patients.form import PatientForm
from edge.store.store import Store

SAME_BIRTH_DAYS = 3
"""So many days apart two births of one mother are of one pregnancy."""

CHILDREN_SHOWN = 30
YOUNGEST_MOTHER_YEARS = 9
"""Below this age nobody is taken for a mother: it is a mistake of typing."""


def mother_of(store: Store, patient: Patient) -> Patient | None:
    """Return a person's mother, of linked records the one that stands; None: not known here."""
    if patient.mother is None:
        return None
    try:
        return register.get(store, edits.one_person(store, patient.mother)[0])
    except NotFound:
        return None


def children_of(store: Store, mother_id: str) -> list[Patient]:
    """Return the children of a woman, by any of her records, the youngest first."""
    ids = edits.one_person(store, mother_id)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        f"SELECT id FROM patient WHERE mother IN ({marks}) AND away = 0 AND replaced_by IS NULL"
        " ORDER BY row DESC LIMIT ?",
        (*ids, CHILDREN_SHOWN),
    )
    found = [register.get(store, row["id"]) for row in rows]
    found.sort(key=lambda child: child.birth_order or "")
    return sorted(found, key=lambda child: child.birth_or_likely or "", reverse=True)


def register_baby(
    store: Store, now: Stamp, mother_id: str, form: PatientForm, actor: str | None
) -> Patient:
    """Register a child of a woman; of twins each gets its number.

    Village and telephone are hers where the form has none. Raises `NotFound`, `InvalidForm`,
    `ActionRefused` ("not-a-mother").
    """
    mother = register.get(store, edits.one_person(store, mother_id)[0])
    _check_mother(mother, now)
    today = birth.today_of(now)
    with store.transaction():
        form = replace(
            form,
            mother=mother.id,
            village=form.village or mother.village or "",
            phone=form.phone or mother.phone or "",
        )
        child = register.register(store, now, form, actor)
        twins = [c for c in children_of(store, mother.id) if _born_together(c, child, today)]
        if len(twins) < 2:
            return child
        taken = {int(c.birth_order) for c in twins if c.birth_order}
        free = (n for n in range(1, len(twins) + 9) if n not in taken)
        for one in sorted((c for c in twins if not c.birth_order), key=lambda c: c.id):
            numbered = {"birth_order": str(next(free))}
            changed = register.correct(store, now, one.id, numbered, actor)
            child = changed if one.id == child.id else child
    return child


def set_mother(
    store: Store, now: Stamp, child_id: str, mother_id: str | None, actor: str | None
) -> Patient:
    """Say who the mother of somebody is, or that it is not known (None).

    Raises `NotFound`, `ActionRefused` ("not-a-mother", "own-mother").
    """
    if mother_id is None:
        return register.correct(store, now, child_id, {"mother": ""}, actor)
    mother = register.get(store, edits.one_person(store, mother_id)[0])
    if mother.id in edits.one_person(store, child_id):
        raise ActionRefused("own-mother", "nobody is their own mother")
    if mother.mother in edits.one_person(store, child_id):
        raise ActionRefused("own-mother", "that person is a child of this one")
    _check_mother(mother, now)
    return register.correct(store, now, child_id, {"mother": mother.id}, actor)


def _check_mother(mother: Patient, now: Stamp) -> None:
    age = mother.age_at(birth.today_of(now))
    too_young = age is not None and age.years < YOUNGEST_MOTHER_YEARS
    if mother.sex is Sex.MALE or too_young:
        raise ActionRefused("not-a-mother", "that person cannot be a mother")


def _born_together(one: Patient, other: Patient, today: date) -> bool:
    """Whether two children of one mother are of one birth, as far as the days are known."""
    first, second = _born_on(one, today), _born_on(other, today)
    return first is not None and second is not None and abs(first - second) <= SAME_BIRTH_DAYS


def _born_on(child: Patient, today: date) -> int | None:
    """Return the day of birth as a count of days; None where it is not known to the day."""
    age = child.age_at(today)
    if age is None or (age.about and age.unit not in (AgeUnit.DAYS, AgeUnit.HOURS)):
        return None
    return today.toordinal() - age.days
