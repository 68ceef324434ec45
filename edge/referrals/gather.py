"""Gathers what a letter of referral says from what the box knows of a patient and a visit."""

from __future__ import annotations

from collections.abc import Iterable

from edge.assessments import record
from edge.care import episodes
from edge.medicines import given
from edge.model.clock import Stamp
from edge.model.reading import Value
from edge.patients import edits, register, summary
from edge.readings import history, measured
from edge.readings.history import StoredReading
from edge.referrals.letter import LetterMedicine, LetterReading, LetterRule, Summary
from edge.rules.assessment import Level
from edge.store.store import Store
from edge.visits import notes

ENROLLED = "enrolled"
READINGS = 60
"""So many of the newest readings are looked at; of each code the newest goes into the letter."""


def letter(
    store: Store,
    now: Stamp,
    patient_id: str,
    visit_id: str | None,
    author: tuple[str, str, str],
) -> Summary:
    """Return what the letter says; `author` are clinic, its telephone, and who refers.

    Readings are the newest of the person's, of whatever visit.

    Raises `NotFound`.
    """
    patient = register.get(store, patient_id)
    readings = [
        reading
        for one in edits.one_person(store, patient_id)
        for reading in history.of_patient(store, one, READINGS)
        if not reading.struck
    ]
    known = summary.of(store, patient_id)
    asked = "none" if "allergies" in known.none_known else "not-asked"
    clinic, phone, by = author
    texts = {
        "name": patient.name,
        "sex": patient.sex.value,
        "birth": patient.birth or "",
        "age": patient.age or "",
        "age_on": now.wall.astimezone().date().isoformat(),
        "village": patient.village or "",
        "phone": patient.phone or "",
        "card": patient.card or "",
        "taken": known.proposed or known.medicines or "",
        "allergies": "listed" if known.allergies else asked,
        "clinic": clinic,
        "clinic_phone": phone,
        "by": by,
    }
    state = {} if visit_id is None else notes.of_visit(store, visit_id).state
    texts |= {name: said for name, said in state.items() if isinstance(said, str)}
    lists = {name: said for name, said in state.items() if isinstance(said, tuple)}
    lists |= {
        "allergies": tuple(member.text for member in known.allergies),
        "conditions": tuple(member.text for member in known.conditions),
        "programmes": tuple(
            episode.programme
            for episode in episodes.of_patient(store, patient_id)
            if episode.state == ENROLLED
        ),
    }
    medicines = () if visit_id is None else _medicines(store, visit_id)
    values = (*_counting(store, visit_id), *_values(readings))
    return Summary(texts, lists, values, _rules(store, patient_id, visit_id), medicines)


def _values(readings: Iterable[StoredReading]) -> tuple[LetterReading, ...]:
    """Return the newest value of each code, with where it comes from."""
    newest: dict[str, LetterReading] = {}
    for reading in sorted(readings, key=lambda one: one.placed.utc_ms, reverse=True):
        for value in reading.values:
            newest.setdefault(value.code, _value(reading, value))
        for result in reading.coded:
            row = LetterReading(code=result.code, word=result.word, **_origin(reading))
            newest.setdefault(result.code, row)
    return tuple(newest.values())


def _value(reading: StoredReading, value: Value) -> LetterReading:
    return LetterReading(
        *(value.code, format(value.value, "f"), value.unit, value.comparator), **_origin(reading)
    )


def _origin(reading: StoredReading) -> dict[str, str]:
    return {
        "at": str(reading.placed.utc_ms),
        "sure": "yes" if reading.placed.sure else "no",
        "source": reading.source,
        "model": reading.model or "",
        "doubts": " ".join(reading.doubts),
    }


def _medicines(store: Store, visit_id: str) -> tuple[LetterMedicine, ...]:
    """Return what was given and advised in the visit; what was taken back is left out."""
    return tuple(
        LetterMedicine(
            medicine=one.given.medicine,
            dose="" if one.given.dose is None else format(one.given.dose, "f"),
            unit=one.given.unit,
            quantity="" if one.given.quantity is None else format(one.given.quantity, "f"),
            state=one.given.state,
        )
        for one in given.of_visit(store, visit_id)
        if not one.taken_back
    )


def _counting(store: Store, visit_id: str | None) -> tuple[LetterReading, ...]:
    """Return the blood pressure that counts in the visit, where it was reckoned from several."""
    found = None if visit_id is None else measured.of_visit(store, visit_id)
    if found is None or len(found.entries) < 2:
        return ()
    return tuple(
        LetterReading(
            *(value.code, format(value.value, "f"), value.unit, value.comparator),
            method=found.method.value,
        )
        for value in found.values
    )


def _rules(store: Store, patient_id: str, visit_id: str | None) -> tuple[LetterRule, ...]:
    """Return what the rules said in the visit, the most urgent first, as far as they said much."""
    found = [] if visit_id is None else record.of_visit(store, patient_id, visit_id)
    told = [one for one in found if one.level not in (Level.NONE, Level.ROUTINE)]
    return tuple(
        LetterRule(
            rule=one.rule,
            version=one.version,
            level=one.level.value,
            status=one.status.value,
            draft="yes" if one.draft else "no",
        )
        for one in sorted(told, key=lambda one: list(Level).index(one.level), reverse=True)
    )
