"""What the rules found at the clinics, as it came: never written anew, not even by a newer rule.

A reading that was taken back since takes the assessments that came from it back, too: they are
shown as such. The facts of each are judged here once more (`hospital.views.second_judgement`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.assessments import silence
from edge.assessments.silence import Silence
from edge.model.clock import PlacedStamp
from edge.rules.assessment import Status
from hospital.archive import Archive, Row
from hospital.entries.assessment_facts import AssessmentFact, RuleFact
from hospital.fleet.boxes import Box
from hospital.patients import withheld
from hospital.views import chart

SHOWN = 60
"""Assessments on a patient's page, the newest."""

PORTION = 500
"""Assessments that are read at a time when all of a year are."""

MANY = 500
"""So many ids fit into one query of either engine."""

_COLUMNS = (
    *("id", "box", "clinic", "patient", "visit", "day", "cause", "rule", "version", "sha256"),
    *("draft", "status", "level", "result", "facts", "readings", "missing"),
    *("boot", "t_ms", "wall_ms", "quality", "received_ms"),
)


@dataclass(frozen=True, slots=True)
class StoredAssessment:
    """One assessment as a box recorded it; `readings` are content ids.

    `taken_back`: somebody at the clinic said since that a reading of it is wrong or another's.
    """

    number: int
    id: str
    clinic: str
    patient: str
    visit: str | None
    day: str
    rule: str
    version: str
    sha256: str
    draft: bool
    status: str
    level: str
    result: Mapping[str, object]
    facts: Mapping[str, object]
    readings: tuple[str, ...]
    missing: tuple[str, ...]
    placed: PlacedStamp
    taken_back: bool

    @property
    def name(self) -> str:
        """The content id of its record."""
        return self.id

    @property
    def silence(self) -> Silence | None:
        """Which fact of the person was missing so that nothing was judged, None when none was."""
        return silence.of_missing(self.missing) if self.status == Status.NEEDS_INPUT else None


def enter(
    archive: Archive, box: Box, record_id: str, fact: AssessmentFact, received_ms: int
) -> None:
    """Enter an assessment; inside the caller's transaction."""
    archive.insert(
        "assessment",
        _COLUMNS,
        [
            (record_id, box.id, box.clinic, fact.patient, fact.visit, fact.day, fact.cause)
            + (fact.rule, fact.version, fact.sha256, int(fact.draft), fact.status, fact.level)
            + (fact.result, fact.facts, json.dumps(fact.readings), json.dumps(fact.missing))
            + (fact.at.boot, fact.at.t_ms, fact.at.wall_ms, str(fact.at.quality))
            + (received_ms,)
        ],
    )


def enter_rule_event(
    archive: Archive, box: Box, record_id: str, fact: RuleFact, received_ms: int
) -> None:
    """Enter what became of a rule's table at a clinic; inside the caller's transaction."""
    archive.execute(
        "INSERT INTO rule_event (id, box, clinic, rule, version, sha256, what, by_whom, why,"
        " boot, t_ms, wall_ms, quality, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (record_id, box.id, box.clinic, fact.rule, fact.version, fact.sha256, fact.what)
        + (fact.by or "", fact.why or "")
        + (fact.at.boot, fact.at.t_ms, fact.at.wall_ms, str(fact.at.quality), received_ms),
    )


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """What became of one version of a rule's table at a clinic, and when it was told here."""

    clinic: str
    rule: str
    version: str
    what: str
    by: str
    why: str
    received_ms: int


def rule_events(archive: Archive, limit: int) -> list[RuleEvent]:
    """Return what became of the tables at the clinics, newest first, at most `limit`."""
    rows = archive.rows("SELECT * FROM rule_event ORDER BY number DESC LIMIT ?", (limit,))
    return [
        RuleEvent(
            r["clinic"],
            r["rule"],
            r["version"],
            r["what"],
            r["by_whom"],
            r["why"],
            r["received_ms"],
        )
        for r in rows
    ]


def of_person(
    archive: Archive, patient_ids: Sequence[str], limit: int = SHOWN
) -> list[StoredAssessment]:
    """Return what the rules found of a person, newest first, at most `limit`."""
    rows = archive.rows(
        f"SELECT * FROM assessment WHERE patient IN ({chart.marks(patient_ids)})"
        " ORDER BY number DESC LIMIT ?",
        (*patient_ids, limit),
    )
    return _stored(archive, rows)


def unjudged(archive: Archive, limit: int) -> list[StoredAssessment]:
    """Return the last in which a fact of the person was missing and has not come since."""
    rows = archive.rows(
        "SELECT a.* FROM assessment a WHERE a.status = ? AND NOT EXISTS (SELECT 1 FROM assessment b"
        " WHERE b.patient = a.patient AND b.rule = a.rule AND b.number > a.number"
        " AND coalesce(b.visit, b.day) = coalesce(a.visit, a.day)) ORDER BY a.number DESC LIMIT ?",
        (Status.NEEDS_INPUT.value, limit),
    )
    return [one for one in _stored(archive, rows) if one.silence and not one.taken_back]


def senders(archive: Archive) -> set[str]:
    """Return the boxes that send assessments; others are of a release without them."""
    return {str(r["box"]) for r in archive.rows("SELECT DISTINCT box FROM assessment")}


def _since(archive: Archive, day: str, after: int, limit: int) -> list[StoredAssessment]:
    """Return assessments of a day and later days, numbered above `after`, oldest first."""
    rows = archive.rows(
        "SELECT * FROM assessment WHERE day >= ? AND number > ? ORDER BY number LIMIT ?",
        (day, after, limit),
    )
    return _stored(archive, rows)


def from_day(archive: Archive, day: str) -> Iterator[StoredAssessment]:
    """Yield every assessment of a day and of later days, oldest first."""
    after = 0
    while found := _since(archive, day, after, PORTION):
        after = found[-1].number
        yield from found


def _stored(archive: Archive, rows: Sequence[Row]) -> list[StoredAssessment]:
    anchors = chart.anchors_of(archive, rows)
    named = {r["number"]: tuple(map(str, json.loads(r["readings"]))) for r in rows}
    readings = _readings(archive, sorted({i for ids in named.values() for i in ids}))
    moved = _moved(archive, sorted({str(r["visit"]) for r in rows if r["visit"]}))
    return [
        StoredAssessment(
            **{name: r[name] for name in ("number", "id", "clinic", "patient", "visit", "day")},
            **{name: r[name] for name in ("rule", "version", "sha256", "status", "level")},
            draft=bool(r["draft"]),
            result=json.loads(r["result"]),
            facts=json.loads(r["facts"]),
            readings=named[r["number"]],
            missing=tuple(map(str, json.loads(r["missing"]))),
            placed=chart.placed_stamp(r, anchors),
            taken_back=(r["clinic"], r["visit"], r["patient"]) in moved
            or any(_is_gone(readings.get(i), r["patient"]) for i in named[r["number"]]),
        )
        for r in rows
        if not _is_withheld(archive, r, [readings[i] for i in named[r["number"]] if i in readings])
    ]


def _readings(archive: Archive, names: Sequence[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for first in range(0, len(names), MANY):
        part = names[first : first + MANY]
        sql = "SELECT id, patient, discarded, withheld FROM reading WHERE id IN"
        found |= {r["id"]: r for r in archive.rows(f"{sql} ({chart.marks(part)})", part)}
    return found


def _moved(archive: Archive, visits: Sequence[str]) -> set[tuple[str, str, str]]:
    """Return clinic, visit and patient of the visits that were another patient's."""
    found: set[tuple[str, str, str]] = set()
    for first in range(0, len(visits), MANY):
        part = visits[first : first + MANY]
        sql = "SELECT clinic, visit, patient FROM visit_move WHERE visit IN"
        rows = archive.rows(f"{sql} ({chart.marks(part)})", part)
        found |= {(r["clinic"], r["visit"], r["patient"]) for r in rows}
    return found


def _is_gone(reading: Row | None, patient: str) -> bool:
    """Whether a reading is wrong, or no longer this patient's; one not here yet is not."""
    return reading is not None and (reading["discarded"] or reading["patient"] != patient)


def _is_withheld(archive: Archive, assessment: Row, readings: Sequence[Row]) -> bool:
    """Whether it came from a clinic that does not know the patient (`patients.withheld`)."""
    if readings:
        return any(reading["withheld"] for reading in readings)
    return bool(withheld.unknown_to(archive, assessment["clinic"], {assessment["patient"]}))
