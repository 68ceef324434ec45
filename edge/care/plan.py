"""When somebody in a programme should come next: a pure function of what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from edge.care.programme import BIRTH, VACCINES, VISIT, Contact, Programme, When

EPISODE, APPOINTMENT, HOSPITAL = "episode", "appointment", "hospital"
"""What somebody should come for: an episode, a clinic's appointment, or one of the hospital's."""

NEVER = "9999-12-31"
"""The day from which somebody is lost who is never lost."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a person in a programme: local days.

    `days` are those that schedules count from, by name ("birth", "lmp", ...). `controlled` is of
    the last measurement, None when there is none. `vaccine_due` is the day on which the next dose
    is due, None when no dose is.
    """

    enrolled: date
    visits: Sequence[date] = ()
    days: Mapping[str, date] = field(default_factory=dict)
    controlled: bool | None = None
    vaccine_due: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due: the day, the title of the contact ("" when it has none), what is looked at.

    `due` None: nothing is due any more (`ended`), or a day is `missing` from which to count.
    `lost` is the day from which somebody who has not come is lost to follow-up.
    """

    due: date | None = None
    title: str = ""
    needs: tuple[str, ...] = ()
    lost: date | None = None
    missing: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One contact of a schedule: its day, and the visit that counts for it, None: none yet."""

    title: str
    due: date
    came: date | None


def plan(programme: Programme, course: Course) -> Plan:
    """Return what is due for a person; never raises."""
    last = max([course.enrolled, *course.visits])
    lost = _later(last, programme.lost_after_days)
    if programme.counts_from == VACCINES:
        if BIRTH not in course.days:
            return Plan(missing=BIRTH, lost=lost)
        return Plan(due=course.vaccine_due, lost=lost, ended=course.vaccine_due is None)
    if programme.counts_from == VISIT:
        interval = next(
            (i for i in programme.intervals if i.when in (_when(course), When.ALWAYS)),
            programme.intervals[0],
        )
        return Plan(due=_later(last, interval.days), needs=interval.needs, lost=lost)
    start = course.days.get(programme.counts_from)
    if start is None:
        return Plan(missing=programme.counts_from, lost=lost)
    contact = _next(programme, start, last)
    if contact is None:
        return Plan(ended=True, lost=lost)
    due = _later(start, contact.days)
    if due is None:
        return Plan(ended=True, lost=lost)
    return Plan(due, contact.title, contact.needs, _later(due, programme.lost_after_days))


def contacts(programme: Programme, course: Course) -> list[PlannedContact]:
    """Return every contact of a schedule with the visit that counts for it, in order of days."""
    start = course.days.get(programme.counts_from)
    if start is None:
        return []
    came: dict[int, date] = {}
    for visit in sorted({course.enrolled, *course.visits}):
        passed = [c for c in programme.contacts if _counts(programme, start, c, visit)]
        if passed:
            came.setdefault(passed[-1].days, visit)
    found = []
    for contact in programme.contacts:
        due = _later(start, contact.days)
        if due is not None:
            found.append(PlannedContact(contact.title, due, came.get(contact.days)))
    return found


def today(programme: Programme, course: Course, day: date) -> tuple[str, ...]:
    """Return what is looked at when the person comes on a day."""
    if programme.counts_from == VISIT:
        before = [visit for visit in course.visits if visit < day]
        return plan(
            programme, Course(course.enrolled, before, course.days, course.controlled)
        ).needs
    start = course.days.get(programme.counts_from)
    if start is None:
        return ()
    passed = [c for c in programme.contacts if _counts(programme, start, c, day)]
    return passed[-1].needs if passed else programme.contacts[0].needs


def as_day(text: str) -> date | None:
    """Return a local day that is written as such, None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
    except ValueError:
        return None


def _when(course: Course) -> When:
    return When.CONTROLLED if course.controlled else When.NOT_CONTROLLED


def _next(programme: Programme, start: date, last: date) -> Contact | None:
    """Return the first contact for which no visit until `last` counts."""
    ends = programme.ends_after_days
    if ends is not None and (last - start).days > ends:
        return None
    ahead = (c for c in programme.contacts if not _counts(programme, start, c, last))
    return next(ahead, None)


def _counts(programme: Programme, start: date, contact: Contact, visit: date) -> bool:
    """Whether a visit is late enough for a contact."""
    return (visit - start).days >= contact.days - programme.early_days


def _later(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
