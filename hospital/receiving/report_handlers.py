"""Months that boxes closed or stated again: part of `HANDLERS`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind
from edge.reports.core import months
from hospital.archive import Archive
from hospital.entries.facts import Fact
from hospital.entries.fields import Count, MalformedField, Text
from hospital.receiving.handler import Handler, Origin, each

LONGEST_REPORT = 200_000
_Long = Annotated[str, msgspec.Meta(max_length=LONGEST_REPORT)]


class MonthFact(Fact, frozen=True):
    """The numbers of a month, as a box stated them."""

    month: Text
    sha256: Text
    report: _Long
    at: Stamp
    actor: Text | None
    restates: Count = 0
    why: Text = ""
    differences: _Long = "[]"

    @classmethod
    def read(cls, entry: Entry) -> MonthFact:
        """Return the fact; raises `ValueError` when it is no report of a month."""
        fact = cls._of(entry, entry.body)
        if not months.is_month(fact.month):
            raise MalformedField("month is none")
        report, rows = json.loads(fact.report), json.loads(fact.differences)
        if not isinstance(report, dict) or report.get("month") != fact.month:
            raise MalformedField("report is none of the month")
        if not isinstance(rows, list) or not all(map(_is_difference, rows)):
            raise MalformedField("differences are none")
        return fact


def _is_difference(row: object) -> bool:
    if not isinstance(row, list) or len(row) != 3:
        return False
    return isinstance(row[0], str) and all(type(number) is int for number in row[1:])


def _month(archive: Archive, origin: Origin, fact: MonthFact) -> None:
    archive.execute(
        "INSERT INTO month_statement (box, id, clinic, month, restates, sha256, report, why,"
        " differences, actor, wall_ms, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.box.id, origin.id, origin.box.clinic, fact.month, fact.restates, fact.sha256)
        + (fact.report, fact.why, fact.differences, fact.actor, fact.at.wall_ms)
        + (origin.received_ms,),
    )


REPORT_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.MONTH: Handler(MonthFact.read, each(_month)),
}
