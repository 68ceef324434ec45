"""Queries of a patient's page: what clinics did about dangers, and the readings that count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.dangers import checklists
from hospital.archive import Archive

SHOWN = 50
"""So many steps and endings, and so many readings that count, a patient's page shows."""


@dataclass(frozen=True, slots=True)
class DangerRow:
    """A step or an ending as the desk shows it, in plain English."""

    text: str
    is_ending: bool
    level: str
    actor: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """The reading that counts in a visit; `parts` are the readings, in their order, with arms."""

    day: str
    text: str
    unit: str
    method: str
    parts: tuple[str, ...]


_ENDINGS = {
    "treated": "Treated at the clinic",
    "referred": "Referred",
    "false": "Was false: measured again",
}

_METHODS = {
    "single": "one reading",
    "mean-of-1-and-2": "mean of two readings",
    "mean-of-last-two": "mean of the last two readings",
    "higher-of-last-two": "the higher of the last two, which differ much",
}


def dangers_of(archive: Archive, people: Sequence[str]) -> Sequence[DangerRow]:
    """Return what clinics did about dangers of a person, newest first."""
    marks = ",".join("?" * len(people))
    rows = archive.rows(
        "SELECT d.*, s.name AS who FROM danger d LEFT JOIN staff s ON s.id = d.actor"
        f" AND s.clinic = d.clinic WHERE d.patient IN ({marks}) AND d.withheld = 0"
        " AND d.what <> 'not-done' ORDER BY d.number DESC LIMIT ?",
        (*people, SHOWN),
    )
    return [
        DangerRow(_said(row["what"], row["word"]), row["what"] == "ended", row["level"],
                  row["who"], row["wall_ms"])
        for row in rows
    ]  # fmt: skip


def measured_of(archive: Archive, people: Sequence[str]) -> Sequence[MeasuredRow]:
    """Return the readings that count of a person, the newest of each visit, newest first."""
    marks = ",".join("?" * len(people))
    rows = archive.rows(
        "SELECT m.* FROM measured m JOIN (SELECT max(number) AS number FROM measured"
        f" WHERE patient IN ({marks}) AND withheld = 0 GROUP BY clinic, visit, kind) newest"
        " ON newest.number = m.number WHERE m.method <> 'none' ORDER BY m.number DESC LIMIT ?",
        (*people, SHOWN),
    )
    return [_measured_row(archive, row) for row in rows]


def _measured_row(archive: Archive, row: Mapping[str, Any]) -> MeasuredRow:
    values = json.loads(row["said"])
    readings, arms = json.loads(row["readings"]), json.loads(row["arms"])
    parts = []
    for reading in readings:
        held = archive.rows("SELECT said FROM reading WHERE id = ?", (reading,))
        numbers = "/".join(str(v[1]) for v in json.loads(held[0]["said"])[:2]) if held else "?"
        arm = next((name for name, ids in arms.items() if reading in ids), "")
        parts.append(f"{numbers} {arm}".strip())
    return MeasuredRow(
        row["day"],
        "/".join(str(value[1]) for value in values[:2]),
        values[0][2] if values else "",
        _METHODS.get(row["method"], row["method"]),
        tuple(parts),
    )


def _said(what: str, word: str) -> str:
    if what == "ended":
        return _ENDINGS.get(word, word)
    step = checklists.steps().get(word)
    return step.text if step else word
