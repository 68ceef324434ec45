"""The line that says who is open: picture, allergies in one of three states, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from edge.model.clock import place
from edge.model.patient import Patient
from edge.patients import summary
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, verdict_text
from kiosk_ui.verdict_text import VerdictText
from kiosk_ui.wording import N_, day, own_words, person_icon, t


@dataclass(frozen=True, slots=True)
class PatientLine:
    """What stands beside name, sex and age. `number` is that of the queue, "" where there is none.

    `paper` is the day on the paper that is typed in.
    `allergies` is empty when none is known; then `asked` says whether somebody asked.
    """

    icon: str
    number: str
    paper: date | None
    allergies: Markup
    asked: bool
    asked_on: Markup | None
    verdict: VerdictText


def patient_line(patient: Patient, visit: Visit | None = None) -> PatientLine:
    """Return the line about a patient; without a visit, by the one that is open for them."""
    store, now = context.store(), context.now()
    if visit is None:
        held = visits.current(store, now)
        visit = held if held is not None and held.patient_id == patient.id else None
    known = summary.of(store, patient.id)
    age = patient.age_at(now.wall.astimezone().date())
    return PatientLine(
        icon=person_icon(patient.sex, None if age is None else age.years),
        number=str(visit.number or "") if visit is not None else "",
        paper=visit.day if visit is not None and visit.paper else None,
        allergies=Markup(" · ").join(own_words(one.text) for one in known.allergies),
        asked="allergies" in known.none_known,
        asked_on=_asked_on(patient.id),
        verdict=verdict_text.without_visit()
        if visit is None
        else verdict_text.of_visit(store, visit, now),
    )


def _asked_on(patient_id: str) -> Markup | None:
    """Return when somebody here said that no allergy is known; None where the box cannot tell."""
    store = context.store()
    at = summary.none_known_at(store, patient_id, "allergies")
    if at is None:
        return None
    return t(N_("asked on %(day)s"), day=day(place(at, store.anchors(at.boot)).when))
