"""Queries of quality control: what devices of the clinics measured of control material."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from edge.model.clock import PlacedStamp
from edge.model.reading import CodedValue, Value
from hospital.archive import Archive, Row
from hospital.views import chart

PAGE = 50


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control: of which device at which clinic, what it measured, when it came."""

    clinic: str
    model: str
    sample: str
    values: tuple[Value, ...]
    coded: tuple[CodedValue, ...]
    placed: PlacedStamp
    received_ms: int


def latest(archive: Archive, limit: int = PAGE, skip: int = 0) -> list[ControlRow]:
    """Return the controls that came last, newest first, without the first `skip`."""
    sql = "SELECT * FROM control ORDER BY number DESC LIMIT ? OFFSET ?"
    return list(_rows(archive, archive.rows(sql, (limit, skip))))


def _rows(archive: Archive, rows: list[Row]) -> Iterable[ControlRow]:
    anchors = chart.anchors_of(archive, rows)
    for row in rows:
        yield ControlRow(
            clinic=row["clinic"],
            model=row["model"] or row["device"],
            sample=row["sample"],
            values=tuple(
                Value(c, Decimal(n), u, more) for c, n, u, more in json.loads(row["said"])
            ),
            coded=tuple(CodedValue(*coded) for coded in json.loads(row["coded"])),
            placed=chart.placed_stamp(row, anchors),
            received_ms=row["received_ms"],
        )
