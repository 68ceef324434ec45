"""Hypertension indicators by the definitions of HEARTS360 (Resolve to Save Lives, 2023).

Everything is seen from the end of a reference month. Control is judged by days with a blood
pressure; under care is who came, with or without one, or was enrolled. Months count whole: "within
3 months" of November are September, October and November.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from edge.model.reading import Code
from edge.reports.core import months
from edge.reports.core.settled import Happening, Settled

PROGRAMME: Final = "hypertension"
SYSTOLIC_LIMIT: Final = 140
DIASTOLIC_LIMIT: Final = 90
"""Control is below both, in mmHg (HEARTS360; WHO HEARTS technical package, 2018)."""

NEW_MONTHS: Final = 3
CONTROL_MONTHS: Final = 3
CARE_MONTHS: Final = 12
RETURN_DAYS: Final = 15
"""A patient who was called returned when they came on the day of the call, or up to 15 days on."""

REMOVALS: Final = ("wrong-number", "moved", "refused", "died", "other")
"""Outcomes of a call that take somebody off the list of the overdue."""


@dataclass(slots=True)
class Pressures:
    """The blood pressures of a person: the day of each visit, and whether it was controlled."""

    days: list[str]
    controlled: list[bool]

    def last_before(self, day: str) -> int:
        """Return the place of the newest before a day, -1 when there is none."""
        return bisect_left(self.days, day) - 1

    def any_within(self, first: str, last: str) -> bool:
        """Whether there is one from a day to another, both included."""
        return bisect_left(self.days, first) < bisect_right(self.days, last)


def indicators(settled: Settled, month: str) -> dict[str, int]:
    """Return the numbers of a reference month."""
    return Hypertension(settled).of_month(month)


class Hypertension:
    """What is known of the people in the hypertension programme, ready for any month."""

    def __init__(self, settled: Settled) -> None:
        self._settled = settled
        self._registered = _registrations(settled)
        self._moves = _moves(settled)
        self._pressures = _pressures(settled)
        self._care_days = _care_days(settled, self._pressures)
        self._appointments = _by_person(settled.kind("appointment"))
        self._calls = _by_person(settled.kind("call"))

    def history(self, month: str, count: int) -> list[tuple[str, dict[str, int]]]:
        """Return months with their numbers, the given one last."""
        names = [months.before(month, back) for back in reversed(range(count))]
        return [(name, self.of_month(name)) for name in names]

    def of_month(self, month: str) -> dict[str, int]:
        """Return the numbers of a reference month."""
        found: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
        end = months.number(month)
        for patient, day in self._registered.items():
            if patient in self._settled.dead:
                continue  # with all of the past
            if months.number(day) > end or self._left(patient, end):
                continue
            found.update(self._of_person(patient, day, month))
        found["dead"] = self._dead(end)
        found["transferred"] = sum(
            patient not in self._settled.dead
            and self._left(patient, end)
            and not self._left(patient, end - 1)
            for patient in self._moves
        )
        return dict(found)

    def _left(self, patient: str, end: int) -> bool:
        """Whether somebody was with another clinic when a month ended."""
        known = [state for day, state in self._moves.get(patient, ()) if months.number(day) <= end]
        return bool(known) and known[-1] == "transferred"

    def _dead(self, end: int) -> int:
        """Count the dead of the programme up to the month; a day that nobody knows counts."""
        days = (d for patient, d in self._settled.dead.items() if patient in self._registered)
        return sum(1 for day in days if day == "?" or months.number(day) <= end)

    def _of_person(self, patient: str, registered: str, month: str) -> list[str]:
        end = months.number(month)
        since = end - months.number(registered)
        found = ["registered"] + (["registered_this_month"] if since == 0 else [])
        found += self._overdue(patient, month)
        after = months.first_day(months.before(month, -1))
        if not self._is_under_care(patient, after, end):
            return [*found, "lost_to_follow_up"]
        found.append("under_care")
        if since < NEW_MONTHS:
            return [*found, "newly_registered"]
        pressures = self._pressures.get(patient)
        last = -1 if pressures is None else pressures.last_before(after)
        if (
            pressures is None
            or last < 0
            or end - months.number(pressures.days[last]) >= CONTROL_MONTHS
        ):
            return [*found, "no_visit"]
        return [*found, "controlled" if pressures.controlled[last] else "uncontrolled"]

    def _is_under_care(self, patient: str, before: str, end: int) -> bool:
        """Whether somebody came or was enrolled in the 12 months up to `end`, before a day."""
        days = self._care_days.get(patient, [])
        last = bisect_left(days, before) - 1
        return last >= 0 and end - months.number(days[last]) < CARE_MONTHS

    # --- overdue patients, who can be reached by telephone ---------------------------------------

    def _overdue(self, patient: str, month: str) -> list[str]:
        if not self._settled.person(patient).has_phone:
            return []
        found = ["overdue_on_first"] if self._is_overdue(patient, month) else []
        calls = [c for c in self._calls.get(patient, []) if c.day.startswith(month)]
        if not calls:
            return found
        first = calls[0]
        outcome = first.data.get("outcome")
        found += ["called", f"called_{outcome if outcome in CALLS else 'other'}"]
        pressures = self._pressures.get(patient)
        until = months.plus_days(first.day, RETURN_DAYS)
        if pressures is not None and pressures.any_within(first.day, until):
            found.append("returned")
        return found

    def _is_overdue(self, patient: str, month: str) -> bool:
        """Whether somebody was overdue when the month began: what came later changes nothing."""
        first = months.first_day(month)
        due, is_kept = _last_due(self._appointments.get(patient, []), first)
        if not due or is_kept:
            return False
        if not self._is_under_care(patient, first, months.number(month)):
            return False
        pressures = self._pressures.get(patient)
        last = -1 if pressures is None else pressures.last_before(first)
        if pressures is not None and last >= 0 and pressures.days[last] >= due:
            return False
        calls = [c for c in self._calls.get(patient, []) if due <= c.day < first]
        return not calls or calls[-1].data.get("outcome") not in REMOVALS


CALLS: Final = (*("agreed", "remind", "not-reached", "wrong-number", "moved", "refused", "other"),)
NAMES: Final = (
    *("registered", "registered_this_month", "dead", "transferred", "under_care"),
    *("lost_to_follow_up", "newly_registered", "controlled", "uncontrolled", "no_visit"),
    *("overdue_on_first", "called", "returned"),
    *(f"called_{outcome}" for outcome in CALLS),
)


def _registrations(settled: Settled) -> dict[str, str]:
    """Return the first day on which each person was enrolled."""
    found: dict[str, str] = {}
    for row in settled.kind("programme"):
        if row.data.get("programme") == PROGRAMME and row.data.get("state") == "enrolled":
            found.setdefault(row.patient, row.day)
    return found


def _moves(settled: Settled) -> dict[str, list[tuple[str, str]]]:
    """Return day and state of the enrolments of those who were ever transferred."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in settled.kind("programme"):
        if row.data.get("programme") == PROGRAMME:
            found[row.patient].append((row.day, str(row.data.get("state", ""))))
    return {who: rows for who, rows in found.items() if any(s == "transferred" for _, s in rows)}


def _pressures(settled: Settled) -> dict[str, Pressures]:
    """Return the pressures of each person: one a visit, or one a day outside visits.

    What counts of a visit is the value that was derived from its readings, where there is one.
    """
    held = {row.id for row in settled.kind("reading")}
    last: dict[tuple[str, str, str], bool] = {}
    for rows in (settled.kind("reading"), settled.kind("measured")):
        for row in rows:
            pressure = _pressure(row, held)
            if row.patient and pressure is not None:
                last[row.patient, row.day, row.visit] = pressure
    return _sorted(settled, last)


def _care_days(settled: Settled, pressures: Mapping[str, Pressures]) -> dict[str, list[str]]:
    """Return the days on which each person came or was enrolled, in their order.

    A visit counts with or without a pressure; without one nobody is controlled.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for visit in settled.visits.values():
        found[visit.patient].add(visit.day)
    for patient, known in pressures.items():
        found[patient].update(known.days)
    for row in settled.kind("programme"):
        if row.data.get("programme") == PROGRAMME and row.data.get("state") == "enrolled":
            found[row.patient].add(row.day)
    return {patient: sorted(filter(months.is_day, days)) for patient, days in found.items()}


def _sorted(settled: Settled, last: Mapping[tuple[str, str, str], bool]) -> dict[str, Pressures]:
    def when(key: tuple[str, str, str]) -> tuple[object, ...]:
        visit = settled.visits.get(key[2])
        return key[0], key[1], visit is not None, visit.order if visit else key[2]

    found: dict[str, Pressures] = defaultdict(lambda: Pressures([], []))
    for key in sorted(last, key=when):
        found[key[0]].days.append(key[1])
        found[key[0]].controlled.append(last[key])
    return dict(found)


def _pressure(row: Happening, held: set[str]) -> bool | None:
    """Return whether a pressure is controlled, None when the fact holds none."""
    if not held.issuperset(row.data.get("readings", ())):
        return None  # derived from a reading that holds no more
    values = {v[0]: v[1] for v in row.data["values"] if v[2] == "mm[Hg]"}
    try:
        systolic = Decimal(values[Code.SYSTOLIC])
        diastolic = Decimal(values[Code.DIASTOLIC])
    except (KeyError, InvalidOperation):
        return None
    return systolic < SYSTOLIC_LIMIT and diastolic < DIASTOLIC_LIMIT


def _by_person(rows: list[Happening]) -> dict[str, list[Happening]]:
    found: dict[str, list[Happening]] = defaultdict(list)
    for row in rows:
        found[row.patient].append(row)
    return dict(found)


def _last_due(rows: list[Happening], first: str) -> tuple[str, bool]:
    """Return the last day before `first` on which somebody was to come, as was known then.

    "" when there is none; and whether it was said that they came.
    """
    newest: dict[str, Happening] = {}
    for row in rows:
        if row.day < first and row.data.get("programme") in (None, PROGRAMME):
            newest[str(row.data.get("appointment", ""))] = row
    found = [
        (str(row.data.get("due", "")), row.data.get("state") == "kept")
        for row in newest.values()
        if row.data.get("state") in ("booked", "missed", "kept")
    ]
    return max((f for f in found if months.is_day(f[0]) and f[0] < first), default=("", False))
