"""Assessments as they are kept: one journal entry each, never rewritten, and the box's tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge.assessments.cause import Cause
from edge.assessments.facts import RuleFacts
from edge.assessments.uncertain import Judgement
from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind
from edge.rules.assessment import Assessment, Level, Status, to_json
from edge.store import journal
from edge.store.store import Row, Store

_STANDING = (
    "SELECT a.*, j.record FROM assessment a JOIN journal j ON j.id = a.entry WHERE a.stands = 1"
    " AND a.superseded = 0"
)


PORTION = 500
"""Assessments that are read at a time when all of a year are."""


@dataclass(frozen=True, slots=True)
class StoredAssessment:
    """A recorded assessment; `possible` is how urgent it may be once what is missing is known."""

    entry: int
    cause: int
    day: str
    rule: str
    version: str
    sha256: str
    draft: bool
    status: Status
    level: Level
    possible: Level
    result: Mapping[str, Any]
    facts: Mapping[str, Any]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its number in the journal, as text."""
        return str(self.entry)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is compared with a new assessment: what it said, how urgent, from which readings."""

    entry: int
    digest: str
    level: Level
    readings: frozenset[int]


def digest_of(assessment: Assessment) -> str:
    """Return a short text that two assessments share that say the same, by whichever version."""
    said = [assessment.status, assessment.level, assessment.result, assessment.missing]
    return hashlib.blake2b(to_json(said).encode(), digest_size=8).hexdigest()


def standing(store: Store, cause: Cause, rules: Collection[str]) -> dict[str, Standing]:
    """Return what stands for each of these rules at the time of a cause."""
    which, values = _scope(cause.patient_id, cause.visit_id, cause.day.isoformat())
    rows = store.rows(
        "SELECT a.entry, a.rule, a.digest, a.level, r.reading FROM assessment a"
        f" LEFT JOIN assessment_reading r ON r.assessment = a.entry WHERE a.stands = 1"
        f" AND a.superseded = 0 AND {which} AND a.cause <= ? ORDER BY a.cause, a.entry",
        (*values, cause.entry),
    )
    newest = {row["rule"]: row for row in rows if row["rule"] in rules}
    return {
        rule: Standing(
            held["entry"],
            held["digest"],
            Level(held["level"]),
            frozenset(r["reading"] for r in rows if r["entry"] == held["entry"] and r["reading"]),
        )
        for rule, held in newest.items()
    }


def fact_names(store: Store, entry: int) -> frozenset[str]:
    """Return the facts, by name, that an assessment was made from."""
    held = journal.read(store, entry)
    return frozenset() if held is None else frozenset(json.loads(str(held.body["facts"])))


def keep(
    store: Store, at: Stamp, cause: Cause, judged: tuple[Judgement, RuleFacts, Collection[int]]
) -> int:
    """Keep what a rule found of the facts, and the readings that make it dangerous.

    Inside the caller's transaction; returns the journal entry.
    """
    judgement, facts, dangerous = judged
    found = judgement.assessment
    body: dict[str, object] = {
        "patient": cause.patient_id,
        "day": cause.day.isoformat(),
        "rule": found.rule,
        "version": found.version,
        "sha256": found.sha256,
        "status": found.status.value,
        "level": found.level.value,
        "result": to_json(found.result),
        "facts": to_json(facts.facts),
        "readings": [journal.identity(store, entry) for entry in facts.readings],
        "missing": list(found.missing),
        "cause": journal.identity(store, cause.entry),
    }
    if cause.visit_id is not None:
        body["visit"] = cause.visit_id
    if found.draft:
        body["draft"] = True
    entry = journal.append(store, EntryKind.ASSESSMENT, at, body)
    store.execute(
        "UPDATE assessment SET superseded = 1 WHERE cause = ? AND patient_id = ? AND rule = ?",
        (cause.entry, cause.patient_id, found.rule),
    )
    store.execute(
        "INSERT INTO assessment (entry, cause, patient_id, visit_id, day, rule, status, level,"
        " possible, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry, cause.entry, cause.patient_id, cause.visit_id, body["day"], found.rule)
        + (found.status.value, found.level.value, judgement.possible.value, digest_of(found)),
    )
    for reading in facts.readings:
        store.execute(
            "INSERT INTO assessment_reading (reading, assessment, danger) VALUES (?, ?, ?)",
            (reading, entry, int(reading in dangerous)),
        )
    return entry


def take_back(store: Store, reading: int) -> None:
    """Let nothing stand that came from a reading; inside the caller's transaction."""
    store.execute(
        "UPDATE assessment SET stands = 0 WHERE entry IN"
        " (SELECT assessment FROM assessment_reading WHERE reading = ?)",
        (reading,),
    )


def leave_visit(store: Store, visit_id: str, patient_id: str) -> None:
    """Let nothing stand of a visit for a patient whose visit it was not; in a transaction."""
    store.execute(
        "UPDATE assessment SET stands = 0 WHERE visit_id = ? AND patient_id = ?",
        (visit_id, patient_id),
    )


def of_visit(store: Store, patient_id: str, visit_id: str) -> list[StoredAssessment]:
    """Return what stands of a visit: of each rule the newest."""
    rows = store.rows(
        f"{_STANDING} AND a.visit_id = ? AND a.patient_id = ? ORDER BY a.cause, a.entry",
        (visit_id, patient_id),
    )
    newest = {row["rule"]: row for row in rows}
    return [_stored(row) for row in newest.values()]


def from_day(store: Store, day: str) -> Iterator[StoredAssessment]:
    """Yield every assessment of a day and of later ones, oldest first, taken back or not."""
    after = 0
    while rows := store.rows(
        "SELECT a.*, j.record FROM assessment a JOIN journal j ON j.id = a.entry"
        " WHERE a.day >= ? AND a.entry > ? ORDER BY a.entry LIMIT ?",
        (day, after, PORTION),
    ):
        after = rows[-1]["entry"]
        yield from (_stored(row) for row in rows)


def _scope(patient_id: str, visit_id: str | None, day: str) -> tuple[str, tuple[str, ...]]:
    """Return what belongs together: a visit, else what was measured on one day outside of one."""
    if visit_id is not None:
        return "a.visit_id = ? AND a.patient_id = ?", (visit_id, patient_id)
    return "a.patient_id = ? AND a.day = ? AND a.visit_id IS NULL", (patient_id, day)


def _stored(row: Row) -> StoredAssessment:
    body = Entry.parse(row["record"].encode("utf-8")).body
    missing = body.get("missing")
    return StoredAssessment(
        entry=row["entry"],
        cause=row["cause"],
        day=row["day"],
        rule=row["rule"],
        version=str(body["version"]),
        sha256=str(body["sha256"]),
        draft=bool(body.get("draft")),
        status=Status(row["status"]),
        level=Level(row["level"]),
        possible=Level(row["possible"]),
        result=json.loads(str(body["result"])),
        facts=json.loads(str(body["facts"])),
        missing=tuple(map(str, missing)) if isinstance(missing, list) else (),
    )
