"""Which doses of vaccines count, are due, or came too early: a pure function of birth and doses."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as schedules write it: calendar months and days."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """Return the day so long after another; the last of its month where there is no such."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        if not date.min.year <= year <= date.max.year:
            return date.max
        last = calendar.monthrange(year, month + 1)[1]
        there = date(year, month + 1, min(day.day, last))
        try:
            return there + timedelta(days=self.days)
        except OverflowError:
            return date.max


@dataclass(frozen=True, slots=True)
class DoseRule:
    """One dose of a vaccine: when it is due, from which age and after the one before at the
    soonest, and until which age; ages and intervals None: no limit."""

    due: Span
    least_age: Span | None = None
    least_interval: Span | None = None
    most_age: Span | None = None


@dataclass(frozen=True, slots=True)
class Vaccine:
    """One vaccine and its doses in order."""

    name: str
    title: str
    doses: tuple[DoseRule, ...]


@dataclass(frozen=True, slots=True)
class VaccineSchedule:
    """A schedule as its file says. A dose that came too early is repeated `repeat_after` at the
    soonest; one is overdue `overdue_after` it was due."""

    id: str
    version: str
    status: str
    title: str
    citations: tuple[str, ...]
    vaccines: tuple[Vaccine, ...]
    overdue_after: Span
    repeat_after: Span
    from_memory: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    sha256: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class DoseGiven:
    """A dose that was given on a day; `key` tells the caller which entry it is."""

    vaccine: str
    day: date
    key: str = ""


class DoseState(StrEnum):
    """What is true of one dose on a day."""

    GIVEN = "given"
    TOO_EARLY = "too-early"
    """It was given too early and does not count."""
    OVERDUE = "overdue"
    DUE = "due"
    COMING = "coming"
    TOO_LATE = "too-late"
    """It is not given any more at this age."""


@dataclass(frozen=True, slots=True)
class DoseLine:
    """One line of a child's table: dose `number` of a vaccine, its state, and the day.

    `day` is that on which it was given, or on which it is due. `key` is of a given dose.
    """

    vaccine: str
    title: str
    number: int
    state: DoseState
    day: date
    key: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be given."""
        return self.state in (DoseState.DUE, DoseState.OVERDUE, DoseState.COMING)


def lines(
    schedule: VaccineSchedule, birth: date, given: Iterable[DoseGiven], today: date
) -> list[DoseLine]:
    """Return every dose of a schedule and every dose given, by vaccine and day.

    The order in which doses are told does not matter. Of a vaccine that the schedule does not
    have, each dose counts.
    """
    of_vaccine: dict[str, list[DoseGiven]] = {}
    for dose in sorted(given, key=lambda one: (one.day, one.key)):
        of_vaccine.setdefault(dose.vaccine, []).append(dose)
    found: list[DoseLine] = []
    for vaccine in schedule.vaccines:
        doses = of_vaccine.pop(vaccine.name, [])
        found += _lines_of(schedule, vaccine, birth, doses, today)
    for name, doses in sorted(of_vaccine.items()):
        found += [
            DoseLine(name, name, number, DoseState.GIVEN, dose.day, dose.key)
            for number, dose in enumerate(doses, start=1)
        ]
    return found


def next_due(found: Iterable[DoseLine]) -> date | None:
    """Return the day on which the next dose is due; None: nothing is any more."""
    return min((line.day for line in found if line.is_open), default=None)


def next_number(found: Sequence[DoseLine], vaccine: str) -> int:
    """Return which dose of a vaccine is given next."""
    return 1 + sum(line.vaccine == vaccine and line.state is DoseState.GIVEN for line in found)


def titles(schedule: VaccineSchedule) -> Mapping[str, str]:
    """Return what each vaccine is called."""
    return {vaccine.name: vaccine.title for vaccine in schedule.vaccines}


def _lines_of(
    schedule: VaccineSchedule,
    vaccine: Vaccine,
    birth: date,
    given: Sequence[DoseGiven],
    today: date,
) -> list[DoseLine]:
    found: list[DoseLine] = []
    counted: list[date] = []
    last: date | None = None
    """The last dose, whether it counted or not."""
    for dose in given:
        number = len(counted) + 1
        if number > len(vaccine.doses):
            state = DoseState.GIVEN  # one more than the schedule asks for does no harm to say
        else:
            rule = vaccine.doses[number - 1]
            state = DoseState.GIVEN if _counts(rule, birth, counted, dose) else DoseState.TOO_EARLY
        if state is DoseState.GIVEN:
            counted.append(dose.day)
        found.append(DoseLine(vaccine.name, vaccine.title, number, state, dose.day, dose.key))
        last = dose.day
    before = counted[-1] if counted else None
    for number in range(len(counted) + 1, len(vaccine.doses) + 1):
        rule = vaccine.doses[number - 1]
        due = _due(rule, birth, before)
        if last is not None and last != before:
            due = max(due, schedule.repeat_after.after(last))
        state = _state(schedule, rule, birth, due, today)
        found.append(DoseLine(vaccine.name, vaccine.title, number, state, due))
        before = last = max(due, today)  # what follows cannot be given before this one is
    return found


def _counts(rule: DoseRule, birth: date, counted: Sequence[date], dose: DoseGiven) -> bool:
    if dose.day < birth or (rule.least_age and dose.day < rule.least_age.after(birth)):
        return False
    if rule.least_interval and counted:
        return dose.day >= rule.least_interval.after(counted[-1])
    return True


def _due(rule: DoseRule, birth: date, before: date | None) -> date:
    due = rule.due.after(birth)
    if rule.least_age:
        due = max(due, rule.least_age.after(birth))
    if before is not None and rule.least_interval:
        due = max(due, rule.least_interval.after(before))
    return due


def _state(
    schedule: VaccineSchedule, rule: DoseRule, birth: date, due: date, today: date
) -> DoseState:
    if rule.most_age and max(due, today) > rule.most_age.after(birth):
        return DoseState.TOO_LATE
    if today < due:
        return DoseState.COMING
    return DoseState.OVERDUE if today > schedule.overdue_after.after(due) else DoseState.DUE
