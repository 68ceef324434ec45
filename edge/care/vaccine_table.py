"""Reads the schedule of vaccines and checks it; what is wrong is said with file and line."""

from __future__ import annotations

import hashlib
import re

from edge.care.vaccine_schedule import DoseRule, Span, Vaccine, VaccineSchedule
from edge.rules.table_rows import Row, parse

STATUSES = ("draft", "reviewed")
_SPAN = re.compile(r"(\d{1,4}) (day|week|month|year)s?")
_WORD = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KEYS = (
    *("id", "version", "status", "title", "citations", "from_memory", "reviewers"),
    *("overdue_after", "repeat_after", "vaccine", "dose"),
)


def load(text: str, file: str, *, own: bool = False) -> VaccineSchedule:
    """Return the schedule of a file's text; raises `TableError` with `file` and the line."""
    top = parse(text, file)
    top.only(*_KEYS)
    citations, reviewers = top.texts("citations"), top.texts("reviewers")
    if not citations:
        raise top.wrong("a schedule without a citation is not used: name the plan", "citations")
    status = top.text("status")
    if status not in STATUSES:
        raise top.wrong(f'"status" must be one of {", ".join(STATUSES)}', "status")
    if status == "reviewed" and not reviewers:
        raise top.wrong("a reviewed schedule names who has reviewed it", "reviewers")
    return VaccineSchedule(
        id=top.text("id"),
        version=top.text("version"),
        status=status,
        title=top.text("title"),
        citations=citations,
        vaccines=_vaccines(top),
        overdue_after=_span(top, "overdue_after"),
        repeat_after=_span(top, "repeat_after"),
        from_memory=top.texts("from_memory"),
        reviewers=reviewers,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        is_own=own,
    )


def _vaccines(top: Row) -> tuple[Vaccine, ...]:
    doses: dict[str, list[DoseRule]] = {}
    names: dict[str, str] = {}
    for row in top.rows("vaccine"):
        row.only("name", "title")
        name = row.text("name")
        if not _WORD.fullmatch(name) or name in names:
            raise row.wrong('"name" is a word of a-z, 0-9 and -, each once', "name")
        names[name] = row.text("title")
    for row in top.rows("dose"):
        row.only("vaccine", "due", "least_age", "least_interval", "most_age")
        name = row.text("vaccine")
        if name not in names:
            raise row.wrong(f'no vaccine is called "{name}"', "vaccine")
        doses.setdefault(name, []).append(_dose(row, doses.get(name, [])))
    for index, name in enumerate(names):
        if name not in doses:
            raise top.wrong(f'"{name}" has no dose', "vaccine", index)
    if not names:
        raise top.wrong('"vaccine" is missing')
    return tuple(Vaccine(name, title, tuple(doses[name])) for name, title in names.items())


def _dose(row: Row, before: list[DoseRule]) -> DoseRule:
    rule = DoseRule(_span(row, "due"), *(_optional(row, key) for key in _LIMITS))
    if rule.least_age and _length(rule.least_age) > _length(rule.due):
        raise row.wrong("it is due before its least age", "due")
    if rule.most_age and _length(rule.due) > _length(rule.most_age):
        raise row.wrong("it is due after its greatest age", "due")
    if before and not rule.least_interval:
        raise row.wrong('a later dose needs its "least_interval"', "vaccine")
    if before and _length(rule.due) <= _length(before[-1].due):
        raise row.wrong("the doses of a vaccine stand in the order of their ages", "due")
    if not before and rule.least_interval:
        raise row.wrong('a first dose has no "least_interval"', "least_interval")
    return rule


_LIMITS = ("least_age", "least_interval", "most_age")


def _optional(row: Row, key: str) -> Span | None:
    return _span(row, key) if row.has(key) else None


def _span(row: Row, key: str) -> Span:
    found = _SPAN.fullmatch(row.text(key))
    if not found:
        raise row.wrong(f'"{key}" is written as "6 weeks", "9 months", "0 days"', key)
    number = int(found[1])
    match found[2]:
        case "day":
            return Span(days=number)
        case "week":
            return Span(days=7 * number)
        case "month":
            return Span(months=number)
        case _:
            return Span(months=12 * number)


def _length(span: Span) -> float:
    """Return about how many days a span has, for comparing."""
    return span.months * 30.44 + span.days
