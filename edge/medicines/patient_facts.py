"""What is known of a patient that bears on a medicine: weight, age, allergies, what is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from edge.medicines import given as given_medicines
from edge.medicines.given import GIVEN
from edge.medicines.stops import LATELY_DAYS, NOW_DAYS, KnownFacts
from edge.model import units
from edge.model.age import Age
from edge.model.clock import Stamp, place_day
from edge.model.reading import Code
from edge.patients import edits, summary
from edge.readings import alerts, history
from edge.store.store import Store
from edge.visits import notes, visits
from edge.visits.visits import Visit


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The weight of this visit in kg, and what speaks for or against medicines."""

    weight_kg: Decimal | None
    known: KnownFacts


def of_visit(store: Store, now: Stamp, visit_id: str) -> PatientFacts:
    """Return what is known for a visit; of one from paper, as it was on its day."""
    visit = visits.get(store, visit_id)
    ids = edits.one_person(store, visit.patient_id)
    note = notes.of_visit(store, visit_id)
    known = [summary.of(store, one) for one in ids]
    age = age_at(store, now, visit)
    lately = _given(store, ids, visit.day, LATELY_DAYS)
    return PatientFacts(
        weight_of(store, visit),
        KnownFacts(
            allergies=tuple(m.text for one in known for m in one.allergies),
            medicines=" ; ".join(
                text for one in known for text in (one.medicines, one.proposed) if text
            ),  # fmt: skip
            given=lately,
            given_now=_given(store, ids, visit.day, NOW_DAYS),
            age_days=None if age is None else age.days,
            pregnant=note.truth("pregnant"),
            gestation_weeks=note.gestation_weeks,
        ),
    )


def weight_of(store: Store, visit: Visit) -> Decimal | None:
    """Return the newest weight that was measured in a visit, in kg; None without one."""
    for reading in history.of_visit(store, visit.id):
        value = None if reading.struck or reading.doubts else reading.value(Code.WEIGHT)
        if value is not None:
            return units.in_unit(value, "kg").value
    return None


def age_at(store: Store, now: Stamp, visit: Visit) -> Age | None:
    """Return the patient's age on the day of a visit."""
    at = replace(now, wall_ms=place_day(visit.day).utc_ms) if visit.paper else now
    return alerts.age_of(store, visit.patient_id, at)


def _given(store: Store, ids: list[str], day: date, days: int) -> tuple[str, ...]:
    """Return the words of what was given within some days of a day, and not taken back."""
    first, last = (day - timedelta(days=days)).isoformat(), (day + timedelta(days=days)).isoformat()
    return tuple(
        one.given.medicine
        for one in given_medicines.of_patient(store, ids)
        if one.given.state == GIVEN and not one.taken_back and first <= one.day <= last
    )
