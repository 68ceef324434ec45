"""Notifiable diseases that clinics report: cases with their state, and weeks without a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.clock import PlacedStamp
from edge.notifications import weeks
from edge.notifications.weeks import Case, Week, WeekCount
from hospital.archive import Archive, Row, row
from hospital.archive.errors import RowRefused
from hospital.entries.referral_facts import NotificationFact
from hospital.patients import links, withheld
from hospital.patients.master_index import EditOrigin
from hospital.views.chart import anchors_of, marks, placed_stamp

PAGE = 50

_SELECT = (
    "SELECT n.*, p.name AS patient_name, s.name AS actor_name FROM notification n"
    " LEFT JOIN taken_back t ON t.entry = n.record AND t.clinic = n.clinic"
    " LEFT JOIN patient p ON p.id = n.patient"
    " LEFT JOIN staff s ON s.clinic = n.clinic AND s.id = n.actor"
)


@dataclass(frozen=True, slots=True)
class ChartedNotification:
    """A case, or the report of a week without one (`disease` is "none")."""

    id: str
    clinic: str
    patient_id: str | None
    patient_name: str | None
    disease: str
    day: str
    state: str
    week: str
    actor: str
    placed: PlacedStamp
    received_ms: int
    withheld: bool


def enter(archive: Archive, origin: EditOrigin, fact: NotificationFact) -> None:
    """Enter a report, inside the caller's transaction; the newest of a case counts.

    Raises `RowRefused` when the case is another clinic's.
    """
    clinic = origin.box.clinic
    known = row(archive, "SELECT clinic, wall_ms FROM notification WHERE id = ?", (fact.id,))
    if known is not None and known["clinic"] != clinic:
        raise RowRefused(f"notification {fact.id[:40]} is another clinic's")
    apart = fact.patient is not None and withheld.unknown_to(archive, clinic, {fact.patient})
    at = fact.at
    if known is not None:
        if at.wall_ms >= known["wall_ms"]:
            archive.execute(
                "UPDATE notification SET state = ?, disease = ?, day = ?, why = ?, wall_ms = ?"
                " WHERE id = ?",
                (fact.state, fact.disease, fact.day, fact.why, at.wall_ms, fact.id),
            )
        return
    archive.execute(
        "INSERT INTO notification (id, record, box, clinic, patient, visit, disease, day, state,"
        " week, onset, why, actor, boot, t_ms, wall_ms, quality, received_ms, withheld)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (fact.id, origin.record, origin.box.id, clinic, fact.patient, fact.visit, fact.disease)
        + (fact.day, fact.state, fact.week, fact.onset, fact.why, fact.actor, at.boot, at.t_ms)
        + (at.wall_ms, str(at.quality), origin.received_ms, int(bool(apart))),
    )


def latest(archive: Archive, limit: int = PAGE, skip: int = 0) -> list[ChartedNotification]:
    """Return the reports of all clinics, the last day first."""
    part = " WHERE t.entry IS NULL ORDER BY n.day DESC, n.number DESC LIMIT ? OFFSET ?"
    return _charted(archive, archive.rows(_SELECT + part, (limit, skip)))


def counts(archive: Archive, week: Week) -> dict[str, WeekCount]:
    """Return the count of a week for every clinic that has a box, by name.

    By the same function as at the box; what a clinic sent of a patient whom it does not know counts
    only when a clinician said that it is about them.
    """
    rows = archive.rows(
        "SELECT n.clinic, n.disease, n.day, n.state, n.week FROM notification n"
        " LEFT JOIN taken_back t ON t.entry = n.record AND t.clinic = n.clinic"
        " WHERE t.entry IS NULL AND n.withheld = 0 AND (n.week = ? OR n.day BETWEEN ? AND ?)",
        (week.word, week.first.isoformat(), week.last.isoformat()),
    )
    found: dict[str, list[Case]] = {name: [] for name in links.clinics(archive)}
    for r in rows:
        case = Case(r["disease"], r["day"], r["state"], r["week"])
        found.setdefault(r["clinic"], []).append(case)
    return {clinic: weeks.count(cases, week) for clinic, cases in found.items()}


def of_person(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedNotification]:
    """Return the cases on a person's chart, newest first."""
    where = (
        f" WHERE n.patient IN ({marks(patient_ids)}) AND n.withheld = 0 AND t.entry IS NULL"
        " ORDER BY n.number DESC"
    )
    return _charted(archive, archive.rows(_SELECT + where, tuple(patient_ids)))


def withheld_of(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedNotification]:
    """Return those of clinics that do not know the person, newest first."""
    where = f" WHERE n.patient IN ({marks(patient_ids)}) AND n.withheld = 1 ORDER BY n.number DESC"
    return _charted(archive, archive.rows(_SELECT + where, tuple(patient_ids)))


def _charted(archive: Archive, rows: Sequence[Row]) -> list[ChartedNotification]:
    anchors = anchors_of(archive, rows)
    return [
        ChartedNotification(
            id=r["id"],
            clinic=r["clinic"],
            patient_id=r["patient"],
            patient_name=r["patient_name"],
            disease=r["disease"],
            day=r["day"],
            state=r["state"],
            week=r["week"],
            actor=r["actor_name"] or r["actor"] or "",
            placed=placed_stamp(r, anchors),
            received_ms=r["received_ms"],
            withheld=bool(r["withheld"]),
        )
        for r in rows
    ]
