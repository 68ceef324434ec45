"""What boxes stated of their months, compared with what the kept records give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge.reports.core import indicators
from edge.reports.core.indicators import Difference, Report
from hospital.archive import Archive, Row
from hospital.reports import month as counted


@dataclass(frozen=True, slots=True)
class Statement:
    """What a box stated of a month: at first (`restates` 0), or again, with the reason."""

    box: str
    month: str
    restates: int
    sha256: str
    report: Report
    why: str
    differences: tuple[Difference, ...]
    wall_ms: int
    actor: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A box's newest statement of a month beside what its records give here.

    `differences`: name, what the box stated, what is counted here; none: both are equal.
    """

    stated: Statement
    here: Report
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether both ends have the same bytes."""
        return self.stated.sha256 == indicators.sha256(self.here)


def of_month(archive: Archive, clinic: str, month: str) -> list[Statement]:
    """Return what a clinic's boxes stated of a month, each box's oldest first."""
    rows = archive.rows(
        "SELECT * FROM month_statement WHERE clinic = ? AND month = ? ORDER BY box, restates, id",
        (clinic, month),
    )
    return [_statement(r) for r in rows]


def compare(archive: Archive, stated: Statement) -> Comparison:
    """Count a box's month from its records, and compare it with what the box stated."""
    here = counted.of_box(archive, stated.box, stated.month)
    return Comparison(stated, here, tuple(indicators.differences(stated.report, here)))


def newest(stated: list[Statement]) -> list[Statement]:
    """Return the newest statement of each box."""
    by_box: Mapping[str, Statement] = {one.box: one for one in stated}
    return list(by_box.values())


def _statement(r: Row) -> Statement:
    return Statement(
        r["box"],
        r["month"],
        r["restates"],
        r["sha256"],
        json.loads(r["report"]),
        r["why"],
        tuple((name, was, now) for name, was, now in json.loads(r["differences"])),
        r["wall_ms"],
        r["actor"],
    )
