"""What the screen of a visit shows of care: programmes, what is missing today, the next date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from edge.care import appointments, courses, episodes, plan
from edge.care.appointments import Appointment
from edge.care.episodes import Episode
from edge.care.library import Library
from edge.care.programme import VACCINES
from edge.care.vaccine_schedule import DoseState
from edge.model.patient_codes import AgeUnit
from edge.model.reading import Code
from edge.patients import birth, edits, register
from edge.readings import history
from edge.visits import notes
from edge.visits.visits import Visit
from kiosk_ui import context
from kiosk_ui.care_texts import (
    APPOINTMENTS,
    day_text,
    in_use,
    programme_title,
    text_of,
    vaccine_title,
)
from kiosk_ui.wording import N_, kind_name, ltr, span, t

NEXT = {7: (1, "weeks"), 14: (2, "weeks"), 30: (1, "months"), 90: (3, "months")}
"""The big buttons of the next date: days, and as how many of which unit people say them."""

_NEEDS = {
    "haemoglobin": N_("Haemoglobin"),
    "urine-protein": N_("Protein in the urine"),
    "muac": N_("Arm circumference"),
}
_TESTS = {"haemoglobin": "718-7", "urine-protein": "20454-5", "muac": Code.MUAC.value}
"""LOINC codes of what is looked at beside the kinds of readings."""


def appointment_text(one: Appointment, known: Library) -> Mapping[str, object]:
    """Return an appointment in words."""
    return {
        "id": one.id,
        "due": day_text(one.due),
        "state": t(APPOINTMENTS[one.state]),
        "is_open": one.is_open,
        "programme": programme_title(one.programme, known),
    }


CHILD_YEARS = 14
"""Until this age the schedule of children counts."""


@dataclass(frozen=True, slots=True)
class VisitProgramme:
    """A programme of the person of a visit: what is due, and what nobody has looked at today."""

    title: Markup
    contact: Markup
    due: Markup
    missing: list[Markup]
    is_vaccines: bool


def visit_programmes(visit: Visit) -> list[VisitProgramme]:
    """Return the open programmes of a visit's person, with what this visit still lacks."""
    store, known = context.store(), in_use()
    return [
        _of_visit(visit, episode, known)
        for episode in episodes.of_patient(store, visit.patient_id)
        if episode.is_open and episode.programme in known.programmes
    ]


def _of_visit(visit: Visit, episode: Episode, known: Library) -> VisitProgramme:
    programme = known.programmes[episode.programme]
    course = courses.of_episode(context.store(), known, episode)
    found, day = plan.plan(programme, course), visit.day
    needs = plan.today(programme, course, day)
    due = day_text(found.due.isoformat()) if found.due else Markup("")
    return VisitProgramme(
        programme_title(episode.programme, known),
        text_of(programme, found.title) if found.title else Markup(""),
        due,
        [_need(need) for need in needs if need not in _looked_at(visit)],
        programme.counts_from == VACCINES,
    )


def _looked_at(visit: Visit) -> set[str]:
    """Return what was measured in a visit, in the words of `needs`."""
    readings = [one for one in history.of_visit(context.store(), visit.id) if not one.struck]
    codes = {value.code for one in readings for value in one.values}
    codes |= {result.code for one in readings for result in one.coded}
    return {one.kind for one in readings} | {n for n, code in _TESTS.items() if code in codes}


def _need(need: str) -> Markup:
    if need in _NEEDS:
        return t(_NEEDS[need])
    return kind_name(need)


@dataclass(frozen=True, slots=True)
class NextDate:
    """When the person of a visit should come again: what is booked, what the programmes say."""

    programme: str
    booked: list[Mapping[str, object]]
    proposed: Markup
    proposed_day: str
    first: str
    last: str


def next_date(visit: Visit) -> NextDate:
    """Return what the part of the visit about the next date shows."""
    store, now, known = context.store(), context.now(), in_use()
    today = birth.today_of(now)
    plans = [
        (found.due, episode.programme)
        for episode in episodes.of_patient(store, visit.patient_id)
        if episode.is_open and episode.programme in known.programmes
        if (found := _next_plan(visit, episode, known)).due and found.due > today
    ]
    due, programme = min(plans, default=(None, ""))
    booked = [one for one in appointments.of_patient(store, visit.patient_id) if one.is_open]
    return NextDate(
        programme,
        [appointment_text(one, known) for one in booked if one.due > today.isoformat()],
        day_text(due.isoformat()) if due else Markup(""),
        due.isoformat() if due else "",
        (today + timedelta(days=1)).isoformat(),
        (today + timedelta(days=731)).isoformat(),
    )


def _next_plan(visit: Visit, episode: Episode, known: Library) -> plan.Plan:
    programme = known.programmes[episode.programme]
    return plan.plan(programme, courses.of_episode(context.store(), known, episode))


def died_here(visit: Visit) -> bool:
    """Whether the visit ended with a death, and the person is not marked so yet."""
    store = context.store()
    ids = edits.one_person(store, visit.patient_id)
    said = notes.of_visit(store, visit.id).text("outcome") == "died"
    return said and not register.get(store, ids[0]).deceased


def doses_due(visit: Visit) -> list[tuple[Markup, Markup]] | None:
    """Return the doses that are due on the day of a visit: vaccine and number.

    None for a child of whom nobody knows the day of birth; nobody older is due by this schedule.
    """
    store, known = context.store(), in_use()
    patient = register.get(store, edits.one_person(store, visit.patient_id)[0])
    years = patient.age_years(visit.day)
    if years is not None and years > CHILD_YEARS:
        return []
    born = courses.birth_of(store, patient.id)
    if born is None:
        return None if years is not None else []
    table = courses.doses(store, known, patient.id, born, visit.day)
    return [
        (vaccine_title(line.vaccine, known), ltr(line.number))
        for line in table
        if line.state in (DoseState.DUE, DoseState.OVERDUE)
    ]


def next_choices() -> list[tuple[int, Markup]]:
    """Return the big buttons of the next date: days, and how they are called."""
    return [(days, span(number, AgeUnit(unit))) for days, (number, unit) in NEXT.items()]
