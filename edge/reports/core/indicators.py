"""The month's report: every indicator, computed by one pure function at box and hospital alike."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from edge.model.entry import canonical_json
from edge.notifications import weeks
from edge.reports.core import antenatal, equipment, hearts, months, stock_levels
from edge.reports.core.facts import Fact
from edge.reports.core.people import Person
from edge.reports.core.settled import Happening, Settled, Visit, settle

VERSION: Final = 1
"""Of the definitions: a report of another version is not compared with one of this."""

AGE_GROUPS: Final = ((5, "under_5"), (15, "5_to_14"), (50, "15_to_49"), (999, "50_and_over"))
"""Completed years below which an age falls into a group."""

Report = Mapping[str, Any]
Difference = tuple[str, int, int]
"""The full name of a number, what it was, what it is."""


def report(facts: Iterable[Fact], people: Mapping[str, Person], month: str) -> Report:
    """Return the month's report: numbers by name, nested; it tells of nobody by name."""
    return of_settled(settle(facts, people), month)


def of_settled(settled: Settled, month: str) -> Report:
    """Return the month's report of facts that are settled."""
    sections = {name: count(settled, month) for name, count in SECTIONS.items()}
    return {"version": VERSION, "month": month, **sections}


def canonical(found: Report) -> bytes:
    """Return the canonical JSON of a report, the same bytes wherever it is computed."""
    return canonical_json(found)


def sha256(found: Report) -> str:
    """Return the SHA-256 of a report's canonical JSON."""
    return hashlib.sha256(canonical(found)).hexdigest()


def flat(found: Report) -> dict[str, int]:
    """Return every number of a report by its full name, such as `hearts360.controlled`."""
    numbers: dict[str, int] = {}

    def walk(inside: Mapping[str, Any], prefix: str) -> None:
        for name, value in inside.items():
            if isinstance(value, Mapping):
                walk(value, f"{prefix}{name}.")
            elif isinstance(value, int) and name != "version":
                numbers[prefix + name] = value

    walk(found, "")
    return dict(sorted(numbers.items()))


def differences(was: Report, now: Report) -> list[Difference]:
    """Return the numbers that differ: name, what it was, what it is; one that is missing is 0."""
    old, new = flat(was), flat(now)
    names = sorted(old.keys() | new.keys())
    return [(n, old.get(n, 0), new.get(n, 0)) for n in names if old.get(n, 0) != new.get(n, 0)]


# --- sections -----------------------------------------------------------------------------------


def _visits(settled: Settled, month: str) -> dict[str, Any]:
    seen = [visit for visit in settled.visits.values() if visit.day.startswith(month)]
    known = {row.patient for row in settled.kind("patient") if row.day.startswith(month)}
    return {
        "all": len(seen),
        "people": len({visit.patient for visit in seen}),
        "alone": sum(visit.is_alone for visit in seen),
        "paper": sum(visit.is_paper for visit in seen),
        "registered_patients": len(known),
        "by_sex": dict(sorted(Counter(settled.person(v.patient).sex for v in seen).items())),
        "by_age": dict(sorted(Counter(_age_group(settled, v) for v in seen).items())),
        "by_outcome": dict(sorted(Counter(_outcome(v) for v in seen).items())),
    }


def _age_group(settled: Settled, visit: Visit) -> str:
    years = settled.person(visit.patient).years(visit.day)
    if years is None:
        return "unknown"
    return next(name for below, name in AGE_GROUPS if years < below)


def _outcome(visit: Visit) -> str:
    return str(visit.notes.get("outcome") or "not_said")


def _programmes(settled: Settled, month: str) -> dict[str, Any]:
    """Return, for each programme, who is in it when the month ends and what happened in it."""
    newest: dict[tuple[str, str], Happening] = {}
    events: Counter[tuple[str, str]] = Counter()
    end = months.last_day(month)
    for row in settled.kind("programme"):
        if row.day <= end:
            name = str(row.data.get("programme", ""))
            newest[str(row.data.get("episode", "")), name] = row
            if row.day.startswith(month):
                events[name, str(row.data.get("state", ""))] += 1
    active: dict[str, set[str]] = {}
    for (_, name), row in newest.items():
        people = active.setdefault(name, set())
        if row.data.get("state") == "enrolled" and row.patient not in settled.dead:
            people.add(row.patient)
    return {
        name: {"active": len(people)}
        | {f"{state}_this_month": n for (of, state), n in sorted(events.items()) if of == name}
        for name, people in sorted(active.items())
    }


def _assessed(order: tuple[str, ...], *rules: str) -> Callable[[Settled, str], dict[str, int]]:
    """Return a function that counts people by the category of their last day with such a rule.

    Of several results of that day the last in `order` counts; one that was derived from a reading
    that holds no more does not.
    """

    def count(settled: Settled, month: str) -> dict[str, int]:
        held = {row.id for row in settled.kind("reading")}
        newest: dict[str, tuple[str, int]] = {}
        for row in _of_rules(settled, rules, month):
            word = row.data["result"].get("category")
            if word in order and held.issuperset(row.data["readings"]):
                before = newest.get(row.patient, ("", 0))
                same_day = before[1] if before[0] == row.day else 0
                newest[row.patient] = (row.day, max(order.index(word), same_day))
        found = Counter(order[place] for _, place in newest.values())
        return {"people": len(newest), **{word: found[word] for word in order}}

    return count


def _of_rules(settled: Settled, rules: tuple[str, ...], month: str) -> Iterator[Happening]:
    """Yield the assessments of rules in a month, of each cause the last."""
    last: dict[tuple[str, str], Happening] = {}
    for row in settled.kind("assessment"):
        if row.data.get("rule") in rules and row.day.startswith(month) and row.patient:
            last[row.data["rule"], row.data.get("cause", row.id)] = row
    yield from last.values()


def _immunisation(settled: Settled, month: str) -> dict[str, Any]:
    found: dict[str, Counter[str]] = {"here": Counter(), "elsewhere": Counter()}
    for row in settled.kind("immunization"):
        if row.day.startswith(month):
            name = f"{row.data.get('vaccine', '')}-{row.data.get('dose', 0)}"
            found["elsewhere" if row.data.get("elsewhere") else "here"][name] += 1
    return {where: dict(sorted(doses.items())) for where, doses in found.items()}


def _self_measurement(settled: Settled, month: str) -> dict[str, int]:
    alone = {
        visit.id: visit
        for visit in settled.visits.values()
        if visit.is_alone and visit.day.startswith(month)
    }
    readings = [row for row in settled.kind("reading") if row.visit in alone]
    measured = {alone[row.visit].patient for row in readings}
    return {
        "visits": len(alone),
        "people": len(measured),
        "readings": len(readings),
    }


def _referrals(settled: Settled, month: str) -> dict[str, Any]:
    newest: dict[str, Happening] = {}
    events: dict[str, set[str]] = {}
    urgency: Counter[str] = Counter()
    for row in settled.kind("referral"):
        referral, state = str(row.data.get("referral", "")), str(row.data.get("state", ""))
        if row.day <= months.last_day(month):
            newest[referral] = row
        if row.day.startswith(month):
            urgency[str(row.data.get("urgency", "not_said"))] += (
                state == "made" and referral not in events.get(state, ())
            )
            events.setdefault(state, set()).add(referral)
    states = [str(row.data.get("state", "")) for row in newest.values()]
    return {
        "open": sum(state not in ("closed", "cancelled") for state in states),
        **{state: len(events.get(state, ())) for state in REFERRAL_STATES},
        "made_by_urgency": {word: n for word, n in sorted(urgency.items()) if n},
    }


REFERRAL_STATES: Final = ("made", "arrived", "not-arrived", "closed", "cancelled")


def _notifications(settled: Settled, month: str) -> dict[str, Any]:
    """Return notifiable diseases: by disease and state, and by the weeks that begin in the month.

    A case counts on the day of its first entry, with its newest state.
    """
    newest: dict[str, Happening] = {}
    first: dict[str, str] = {}
    for row in settled.kind("notification"):
        case = str(row.data.get("id", ""))
        newest[case] = row
        first.setdefault(case, row.day)
    cases = [_case(row, first[case]) for case, row in newest.items()]
    counts = [weeks.count(cases, week) for week in _weeks(month)]
    in_month = Counter(
        f"{case.disease}.{case.state}"
        for case in cases
        if case.disease != weeks.NONE and case.day.startswith(month)
    )
    return {
        "by_disease": dict(sorted(in_month.items())),
        BY_WEEK: {count.week.word: _of_week(count) for count in counts if count.is_reported},
        "weeks_reported": sum(count.is_reported for count in counts),
        "weeks": len(counts),
    }


BY_WEEK: Final = "by_week"


def _case(row: Happening, day: str) -> weeks.Case:
    disease, state = str(row.data.get("disease", "")), str(row.data.get("state", ""))
    return weeks.Case(disease, day, state, str(row.data.get("week", "")))


def _weeks(month: str) -> list[weeks.Week]:
    """Return the weeks whose Monday lies in a month."""
    week = weeks.Week.of(date.fromisoformat(months.last_day(month)))
    found = []
    while week.first.isoformat()[:7] == month:
        found.append(week)
        week = week.before()
    return found[::-1]


def _of_week(count: weeks.WeekCount) -> dict[str, int]:
    suspected = {f"{name}.suspected": n for name, n in count.suspected.items()}
    confirmed = {f"{name}.confirmed": n for name, n in count.confirmed.items()}
    return dict(sorted((suspected | confirmed).items())) or {"none": 0}


def _stock(settled: Settled, month: str) -> dict[str, Any]:
    days = stock_levels.days_out(settled, month)
    return {"items_out": len(days), "days_out": days}


SECTIONS: Final[Mapping[str, Callable[[Settled, str], Mapping[str, Any]]]] = {
    "visits": _visits,
    "hearts360": hearts.indicators,
    "programmes": _programmes,
    "antenatal": antenatal.indicators,
    "anaemia": _assessed(("none", "mild", "moderate", "severe"), "anaemia"),
    "malnutrition": _assessed(("none", "mam", "sam"), "malnutrition", "muac"),
    "immunisation": _immunisation,
    "self_measurement": _self_measurement,
    "equipment": equipment.indicators,
    "referrals": _referrals,
    "notifications": _notifications,
    "stock": _stock,
}
"""The parts of a report: one function each."""
