"""Reads a programme's file and checks it; what is wrong is said with the file and the line."""

from __future__ import annotations

import hashlib
import re

from edge.care.programme import (
    BIRTH,
    VACCINES,
    VISIT,
    Contact,
    Control,
    ForWhom,
    Interval,
    Programme,
    ProgrammeFact,
    When,
)
from edge.model.reading import Kind
from edge.rules.table_rows import Row, parse

STATUSES = ("draft", "reviewed")
NEEDS = (*Kind, "haemoglobin", "urine-protein", "muac")
"""What can be looked at: the kinds of readings, and tests."""

LONGEST_DAYS = 36_500
MOST_CONTACTS = 200
_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KEYS = (
    *("id", "version", "status", "title", "citations", "from_memory", "reviewers", "for_whom"),
    *("counts_from", "early_days", "lost_after_days", "ends_after_days"),
    *("fact", "interval", "contact", "series", "control"),
)


def load(text: str, file: str, *, own: bool = False) -> Programme:
    """Return the programme of a file's text; raises `TableError` with `file` and the line."""
    top = parse(text, file)
    top.only(*_KEYS)
    facts = tuple(_fact(row) for row in top.rows("fact"))
    programme = Programme(
        id=_id(top),
        version=top.text("version"),
        status=_choice(top, "status", STATUSES),
        title=top.text("title"),
        citations=_citations(top),
        counts_from=_choice(
            top, "counts_from", (VISIT, BIRTH, VACCINES, *(fact.name for fact in facts))
        ),
        lost_after_days=_days(top, "lost_after_days"),
        for_whom=_for_whom(top.row("for_whom")),
        facts=facts,
        intervals=tuple(_interval(row) for row in top.rows("interval")),
        contacts=_contacts(top),
        control=_control(top.row("control")) if top.has("control") else None,
        early_days=_days(top, "early_days") if top.has("early_days") else 0,
        ends_after_days=_days(top, "ends_after_days") if top.has("ends_after_days") else None,
        from_memory=top.texts("from_memory"),
        reviewers=top.texts("reviewers"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        is_own=own,
    )
    _check(programme, top)
    return programme


def _check(programme: Programme, top: Row) -> None:
    if programme.status == "reviewed" and not programme.reviewers:
        raise top.wrong("a reviewed programme names who has reviewed it", "reviewers")
    of_visits = programme.counts_from == VISIT
    first = ("interval", 0) if programme.intervals else ("counts_from",)
    if of_visits != bool(programme.intervals):
        raise top.wrong('"interval" belongs to counts_from = "visit", and it needs one', *first)
    if bool(programme.contacts) != (not of_visits and programme.counts_from != VACCINES):
        raise top.wrong('"contact" or "series" says when people come', "counts_from")
    whens = {interval.when for interval in programme.intervals}
    if len(whens) != len(programme.intervals):
        raise top.wrong('two intervals have the same "when"', "interval")
    if of_visits and When.ALWAYS not in whens and len(whens) < 2:
        raise top.wrong('no interval for people who are not "controlled" or who are', *first)
    by_control = whens - {When.ALWAYS}
    if bool(by_control) != (programme.control is not None):
        raise top.wrong('"control" says what "controlled" means', "control")
    days = [contact.days for contact in programme.contacts]
    if len(set(days)) < len(days):
        raise top.wrong("two contacts are due on the same day", "contact")


def _id(top: Row) -> str:
    name = top.text("id")
    if not _ID.fullmatch(name):
        raise top.wrong('"id" is a word of a-z, 0-9 and -, 2 to 40 long', "id")
    return name


def _choice(row: Row, key: str, allowed: tuple[str, ...]) -> str:
    value = row.text(key)
    if value not in allowed:
        raise row.wrong(f'"{key}" must be one of {", ".join(allowed)}', key)
    return value


def _citations(top: Row) -> tuple[str, ...]:
    citations = top.texts("citations")
    if not citations:
        raise top.wrong("a programme without a citation is not used: name the guideline or the"
                        " national plan", "citations")  # fmt: skip
    return citations


def _days(row: Row, key: str) -> int:
    days = row.whole(key)
    if days is None:
        raise row.wrong(f'"{key}" is missing', key)
    if days > LONGEST_DAYS:
        raise row.wrong(f'"{key}" is more than {LONGEST_DAYS} days', key)
    return days


def _positive(row: Row, key: str) -> int:
    days = _days(row, key)
    if days < 1:
        raise row.wrong(f'"{key}" must be 1 or more', key)
    return days


def _needs(row: Row) -> tuple[str, ...]:
    needs = row.texts("needs")
    unknown = [need for need in needs if need not in NEEDS]
    if unknown:
        raise row.wrong(f'"{unknown[0]}" is not known; choose from {", ".join(NEEDS)}', "needs")
    return needs


def _fact(row: Row) -> ProgrammeFact:
    row.only("name", "title", "longest_ago_days")
    if row.text("name") in (VISIT, BIRTH, VACCINES):
        raise row.wrong(f'"{row.text("name")}" has a meaning already', "name")
    return ProgrammeFact(row.text("name"), row.text("title"), _positive(row, "longest_ago_days"))


def _for_whom(row: Row) -> ForWhom:
    row.only("sex", "least_years", "most_years")
    sex = _choice(row, "sex", ("female", "male")) if row.has("sex") else None
    return ForWhom(sex, row.whole("least_years"), row.whole("most_years"))


def _interval(row: Row) -> Interval:
    row.only("when", "days", "needs")
    return Interval(When(_choice(row, "when", tuple(When))), _positive(row, "days"), _needs(row))


def _contacts(top: Row) -> tuple[Contact, ...]:
    found: list[Contact] = []
    for row in top.rows("series"):
        row.only("title", "first_days", "every_days", "until_days", "needs")
        days, every = _days(row, "first_days"), _positive(row, "every_days")
        until, needs = _days(row, "until_days"), _needs(row)
        if (until - days) // every > MOST_CONTACTS:
            raise row.wrong(f"more than {MOST_CONTACTS} contacts", "every_days")
        found += [Contact(row.text("title"), day, needs) for day in range(days, until + 1, every)]
    for row in top.rows("contact"):
        row.only("title", "days", "needs")
        found.append(Contact(row.text("title"), _days(row, "days"), _needs(row)))
    return tuple(sorted(found, key=lambda contact: contact.days))


def _control(row: Row) -> Control:
    row.only("of", "systolic_below", "diastolic_below")
    _choice(row, "of", (Kind.BLOOD_PRESSURE.value,))
    return Control(_positive(row, "systolic_below"), _positive(row, "diastolic_below"))
