"""Programmes, appointments, calls and doses of a person, as their clinics wrote them down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from edge.care import library, plan, vaccine_schedule
from edge.care.plan import Course, Plan, as_day
from edge.care.programme import BIRTH, VACCINES, Control
from edge.care.vaccine_schedule import DoseGiven, DoseLine
from edge.model.follow_up_kinds import AppointmentState, EpisodeState
from edge.model.reading import Code, Kind
from hospital.archive import Archive, Row
from hospital.views.chart import marks

IN_USE: Final = library.load(None)
"""The programmes of this release. A clinic's own are not known here: of these, the appointments are
listed, and no day is reckoned."""

PRESSURES_LOOKED_AT: Final = 5
IMMUNISATION: Final = "immunisation"


@dataclass(frozen=True, slots=True)
class ChartedEpisode:
    """An enrolment as it stands, and what is due in it by the same plan as at the clinic."""

    id: str
    clinic: str
    programme: str
    title: str
    state: str
    since: str
    day: str
    why: str
    due: str
    lost: str
    contact: str
    draft: bool
    facts: dict[str, str]

    @property
    def is_open(self) -> bool:
        """Whether the person is still enrolled."""
        return self.state == EpisodeState.ENROLLED


@dataclass(frozen=True, slots=True)
class ChartedAppointment:
    """An appointment that a clinic made, as it stands."""

    id: str
    clinic: str
    due: str
    state: str
    programme: str | None
    title: str

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet what became of it."""
        return self.state == AppointmentState.BOOKED


@dataclass(frozen=True, slots=True)
class ChartedCall:
    """What came of a call."""

    clinic: str
    day: str
    outcome: str
    about: str
    remind: str | None
    note: str


SHOWN: Final = 20
"""Appointments and calls of a person on the chart, the newest."""


@dataclass(frozen=True, slots=True)
class CareChart:
    """What the chart shows of care over time; `more_...` are not shown."""

    episodes: list[ChartedEpisode]
    appointments: list[ChartedAppointment]
    more_appointments: int
    calls: list[ChartedCall]
    more_calls: int
    vaccines: list[DoseLine]


def of_person(archive: Archive, ids: Sequence[str]) -> list[CareChart]:
    """Return the part of a person's page about care over time, none when nothing is known."""
    entered, booked = episodes(archive, ids), appointments(archive, ids)
    called = calls(archive, ids)[::-1]
    enrolled = any(one.is_open and one.programme == IMMUNISATION for one in entered)
    doses = vaccines(archive, ids, date.today()) if enrolled or has_doses(archive, ids) else []  # noqa: DTZ011
    if not (entered or booked or called or doses):
        return []
    more = (max(len(booked) - SHOWN, 0), max(len(called) - SHOWN, 0))
    return [CareChart(entered, booked[:SHOWN], more[0], called[:SHOWN], more[1], doses)]


def episodes(archive: Archive, ids: Sequence[str]) -> list[ChartedEpisode]:
    """Return the enrolments of a person, the open ones first, then the newest."""
    first: dict[tuple[str, str], Row] = {}
    newest: dict[tuple[str, str], Row] = {}
    for row in _rows(archive, "programme_entry", ids):
        key = row["clinic"], row["episode"]
        first.setdefault(key, row)
        newest[key] = row
    found = [_episode(archive, ids, first[key]["day"], row) for key, row in newest.items()]
    found.sort(key=lambda one: (one.day, one.id), reverse=True)
    return sorted(found, key=lambda one: not one.is_open)


def appointments(archive: Archive, ids: Sequence[str]) -> list[ChartedAppointment]:
    """Return the appointments of a person at clinics, the latest day first."""
    newest = {(r["clinic"], r["appointment"]): r for r in _rows(archive, "appointment_entry", ids)}
    found = [
        ChartedAppointment(
            *(r["appointment"], r["clinic"], r["due"], r["state"], r["programme"]),
            title_of(r["programme"]),
        )
        for r in newest.values()
    ]
    return sorted(found, key=lambda one: (one.due, one.id), reverse=True)


def calls(archive: Archive, ids: Sequence[str]) -> list[ChartedCall]:
    """Return the calls to a person, the oldest first."""
    return [
        ChartedCall(
            *(r["clinic"], r["day"], r["outcome"], r["appointment"] or r["episode"] or ""),
            *(r["remind"], r["note"] or ""),
        )
        for r in _rows(archive, "call_entry", ids)
    ]


def vaccines(archive: Archive, ids: Sequence[str], today: date) -> list[DoseLine]:
    """Return the table of vaccines of a person; only what was given when no birth is known."""
    given = [
        DoseGiven(r["vaccine"], day, r["immunization"])
        for r in _rows(archive, "immunization", ids)
        if (day := as_day(r["day"]))
    ]
    born = birth_of(archive, ids)
    if born is None:
        schedule = vaccine_schedule.lines(IN_USE.vaccines, date.min, given, date.min)
        return [line for line in schedule if line.key]
    return vaccine_schedule.lines(IN_USE.vaccines, born, given, today)


def has_doses(archive: Archive, ids: Sequence[str]) -> bool:
    """Whether a dose of a vaccine was ever written down for a person."""
    return bool(_rows(archive, "immunization", ids))


def birth_of(archive: Archive, ids: Sequence[str]) -> date | None:
    """Return the day of birth, None unless a record of the person knows it to the day."""
    rows = archive.rows(f"SELECT birth FROM patient WHERE id IN ({marks(ids)})", ids)
    return next((day for r in rows if (day := as_day(r["birth"] or ""))), None)


def title_of(programme: str | None) -> str:
    """Return what a programme is called; one that is not known here by its word."""
    if programme is None:
        return ""
    known = IN_USE.programmes.get(programme)
    return programme if known is None else known.title


def plan_of(archive: Archive, ids: Sequence[str], row: Row, since: str) -> Plan:
    """Return what is due in an open enrolment; nothing in one that is not known here."""
    programme = IN_USE.programmes.get(row["programme"])
    if programme is None or row["state"] != EpisodeState.ENROLLED:
        return Plan()
    days = {n: day for n, text in _facts(row).items() if (day := as_day(text))}
    born = birth_of(archive, ids)
    due = None
    if born is not None:
        days[BIRTH] = born
        if programme.counts_from == VACCINES:
            due = vaccine_schedule.next_due(vaccines(archive, ids, born))
    enrolled = as_day(since) or date.min
    visits = [day for day in visit_days(archive, ids) if day >= enrolled]
    controlled = _is_controlled(archive, ids, programme.control)
    return plan.plan(programme, Course(enrolled, visits, days, controlled, due))


def visit_days(archive: Archive, ids: Sequence[str]) -> list[date]:
    """Return the days on which a person was seen by a worker, at whichever clinic."""
    rows = archive.rows(
        "SELECT DISTINCT day FROM visit"
        f" WHERE patient IN ({marks(ids)}) AND mode = 'worker' AND withheld = 0 ORDER BY day",
        ids,
    )
    return [day for r in rows if (day := as_day(r["day"]))]


def _episode(archive: Archive, ids: Sequence[str], since: str, row: Row) -> ChartedEpisode:
    programme = IN_USE.programmes.get(row["programme"])
    found = plan_of(archive, ids, row, since)
    return ChartedEpisode(
        *(row["episode"], row["clinic"], row["programme"], title_of(row["programme"])),
        *(row["state"], since, row["day"], row["place"] or row["why"] or ""),
        due=found.due.isoformat() if found.due else "",
        lost=found.lost.isoformat() if found.lost else "",
        contact=found.title,
        draft=programme is not None and programme.is_draft,
        facts=_facts(row),
    )


def _facts(row: Row) -> dict[str, str]:
    found = json.loads(row["facts"])
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _rows(archive: Archive, table: str, ids: Sequence[str]) -> list[Row]:
    """Return what stands of a person in a table, in the order of each box's own entries."""
    return archive.rows(
        f"SELECT * FROM {table} WHERE patient IN ({marks(ids)}) AND withheld = 0"
        " AND taken_back = 0 ORDER BY box, boot, t_ms, number",
        ids,
    )


def _is_controlled(archive: Archive, ids: Sequence[str], control: Control | None) -> bool | None:
    if control is None:
        return None
    rows = archive.rows(
        f"SELECT said FROM reading WHERE patient IN ({marks(ids)}) AND kind = ?"
        " AND withheld = 0 AND discarded = 0 ORDER BY number DESC LIMIT ?",
        (*ids, Kind.BLOOD_PRESSURE.value, PRESSURES_LOOKED_AT),
    )
    for row in rows:
        said = {code: float(number) for code, number, *_ in json.loads(row["said"])}
        if {Code.SYSTOLIC, Code.DIASTOLIC} <= set(said):
            upper, lower = said[Code.SYSTOLIC], said[Code.DIASTOLIC]
            return upper < control.systolic_below and lower < control.diastolic_below
    return None
