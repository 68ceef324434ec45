"""What is known of a person in a programme, gathered for its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from edge.care import immunizations, last_pressure, vaccine_schedule
from edge.care.episodes import Episode
from edge.care.library import Library
from edge.care.plan import Course, as_day
from edge.care.programme import BIRTH, VACCINES, Control
from edge.care.vaccine_schedule import DoseGiven, DoseLine
from edge.patients import edits, register
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class VisitDay:
    """A visit with a worker, and its local day."""

    id: str
    day: str


def visits_of(store: Store, ids: Sequence[str]) -> list[VisitDay]:
    """Return the visits of a person with a worker, by day."""
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        "SELECT id, day FROM visit"
        f" WHERE patient_id IN ({marks}) AND mode = 'worker' AND day IS NOT NULL"
        " ORDER BY day, entry",
        ids,
    )
    return [VisitDay(row["id"], row["day"]) for row in rows]


def of_episode(store: Store, library: Library, episode: Episode) -> Course:
    """Return what is known of a person in a programme."""
    ids = edits.one_person(store, episode.patient_id)
    programme = library.programmes[episode.programme]
    days = {name: day for name, text in episode.facts.items() if (day := as_day(text))}
    born = birth_of(store, ids[0])
    if born is not None:
        days[BIRTH] = born
    enrolled = as_day(episode.since) or date.min
    due = None
    if programme.counts_from == VACCINES and born is not None:
        due = vaccine_schedule.next_due(doses(store, library, ids[0], born, born))
    return Course(
        enrolled,
        [day for visit in visits_of(store, ids) if (day := as_day(visit.day)) and day >= enrolled],
        days,
        _is_controlled(store, ids, programme.control),
        due,
    )


def birth_of(store: Store, patient_id: str) -> date | None:
    """Return the day of birth, None unless it is known to the day."""
    return as_day(register.get(store, patient_id).birth or "")


def doses(
    store: Store, library: Library, patient_id: str, born: date, today: date
) -> list[DoseLine]:
    """Return a child's table of vaccines on a day; the keys are the ids of doses."""
    given = [
        DoseGiven(dose.vaccine, day, dose.id)
        for dose in immunizations.of_patient(store, patient_id)
        if (day := as_day(dose.day))
    ]
    return vaccine_schedule.lines(library.vaccines, born, given, today)


def _is_controlled(store: Store, ids: Sequence[str], control: Control | None) -> bool | None:
    """Return whether the last blood pressure is below both bounds, None without one."""
    if control is None:
        return None
    found = last_pressure.of_person(store, ids)
    if found is None:
        return None
    upper, lower = found
    return upper.value < control.systolic_below and lower.value < control.diastolic_below
