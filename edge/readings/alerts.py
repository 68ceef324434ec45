"""Readings are judged by the rules when they are recorded, and again when something changes.

What changes may be a fact of the person that was missing, a reading that was taken back or moved,
a doubt that was settled. What the rules then find is kept beside what they found before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from edge.assessments import judging, measured_facts, record, said_facts
from edge.assessments.cause import Cause, day_of
from edge.model.age import Age
from edge.model.clock import Stamp
from edge.model.entry import Entry
from edge.model.reading_body import values_of
from edge.patients import edits, register
from edge.rules import plausibility
from edge.store import journal
from edge.store.store import Row, Store

RECENT_MS = 7 * 24 * 3600 * 1000
"""So far back readings are judged again when a fact becomes known."""

_HELD = (
    "SELECT r.entry, r.patient_id, r.visit_id, r.compared, r.perhaps, r.told_apart, j.record,"
    " v.day, v.paper FROM reading r JOIN journal j ON j.id = r.entry"
    " LEFT JOIN visit v ON v.id = r.visit_id"
    " WHERE r.patient_id IS NOT NULL AND coalesce(r.tray, '') <> 'discarded'"
)

_NOTES = (
    "SELECT n.*, v.paper, j.record FROM visit_note n JOIN journal j ON j.id = n.entry"
    " LEFT JOIN visit v ON v.id = n.visit_id WHERE 1 = 1"
)


def judge(store: Store, now: Stamp, entry: int) -> tuple[int, ...]:
    """Judge a reading of a patient and return the alerts; inside the caller's transaction.

    Nothing is judged of one that is hardly possible, or perhaps an earlier one sent again, before
    somebody has said what it is.
    """
    row = store.row(f"{_HELD} AND r.entry = ?", (entry,))
    return () if row is None else _judge(store, now, row)


def judge_one(store: Store, now: Stamp, entry: int, patient_id: str) -> tuple[int, ...]:
    """Judge a recorded reading by what is known now: its doubts, and by the rules.

    Inside the caller's transaction.
    """
    row = store.row(f"{_HELD} AND r.entry = ?", (entry,))
    if row is None:
        return ()
    age = age_of(store, patient_id, now)
    doubts = plausibility.doubtful(values_of(_entry(row).body), age)
    store.execute(
        "UPDATE reading SET warnings = ? WHERE entry = ?",
        (" ".join(doubt.name for doubt in doubts), entry),
    )
    return _judge(store, now, row)


def judge_again(store: Store, now: Stamp, patient_id: str) -> tuple[int, ...]:
    """Judge the recent readings and notes of a person of whom something has become known.

    Alerts that stand are not raised a second time. One durable transaction.
    """
    since_ms = now.wall_ms - RECENT_MS
    with store.transaction():
        people = edits.one_person(store, patient_id)
        rows = [
            row
            for one in people
            for row in store.rows(
                f"{_HELD} AND r.patient_id = ? AND r.wall_ms >= ? ORDER BY r.entry",
                (one, since_ms),
            )
        ]
        raised = [
            alert for row in rows for alert in judge_one(store, now, row["entry"], patient_id)
        ]
        for one in people:
            for note in store.rows(f"{_NOTES} AND n.patient_id = ? ORDER BY n.entry", (one,)):
                if _entry(note).at.wall_ms >= since_ms:
                    raised += _judge_said(store, now, note)
        return tuple(raised)


def judge_late(store: Store, now: Stamp, limit: int = 100) -> tuple[int, ...]:
    """Judge again for everybody of whom something has become known; return the new alerts."""
    rows = store.rows("SELECT patient_id FROM to_judge LIMIT ?", (limit,))
    raised: list[int] = []
    for row in rows:
        with store.transaction():
            raised += judge_again(store, now, row["patient_id"])
            store.execute("DELETE FROM to_judge WHERE patient_id = ?", (row["patient_id"],))
    return tuple(raised)


def judge_note(store: Store, now: Stamp, visit_id: str) -> tuple[int, ...]:
    """Judge a visit of which something was said: its readings again, then what was said by itself.

    Inside the caller's transaction.
    """
    rows = store.rows(f"{_HELD} AND r.visit_id = ? ORDER BY r.entry", (visit_id,))
    note = store.row(f"{_NOTES} AND n.visit_id = ?", (visit_id,))
    raised = [alert for row in rows for alert in _judge(store, now, row)]
    return (*raised, *(() if note is None else _judge_said(store, now, note)))


def judge_without(
    store: Store, now: Stamp, entry: int, patient_id: str, visit_id: str | None
) -> tuple[int, ...]:
    """Judge what is left to a patient after a reading was taken back or given to somebody else.

    Nothing that came from it stands any more. Inside the caller's transaction.
    """
    taken = journal.read(store, entry)
    record.take_back(store, entry)
    if taken is None:
        return ()
    names = measured_facts.names_in(taken.body)
    rows = store.rows(
        f"{_HELD} AND r.patient_id = ? AND r.visit_id IS ? AND r.wall_ms >= ? ORDER BY r.entry",
        (patient_id, visit_id, now.wall_ms - RECENT_MS),
    )
    return tuple(alert for row in rows for alert in _judge(store, now, row, names))


def age_of(store: Store, patient_id: str, at: Stamp) -> Age | None:
    """Return the age of a person by any of their records, the one that stands for them first."""
    people = register.held(store, edits.one_person(store, patient_id))
    ages = (person.age_at(day_of(at)) for person in people)
    return next((age for age in ages if age is not None), None)


def _judge(
    store: Store, now: Stamp, row: Row, only: Collection[str] | None = None
) -> tuple[int, ...]:
    entry = _entry(row)
    if measured_facts.is_doubted(row, entry):
        return ()
    names = measured_facts.names_in(entry.body)
    if only is not None:
        names &= frozenset(only)
    alone = bool(entry.body.get("stored"))
    day = date.fromisoformat(row["day"]) if row["day"] else day_of(entry.at)
    whose = (row["patient_id"], row["visit_id"])
    cause = Cause(row["entry"], entry.at, *whose, day, alone, bool(row["paper"]))
    return judging.judge(store, now, cause, names)


def _judge_said(store: Store, now: Stamp, note: Row) -> tuple[int, ...]:
    """Judge what was said in a visit by itself."""
    day = date.fromisoformat(note["day"])
    paper = bool(note["paper"])
    whose = (note["patient_id"], note["visit_id"])
    cause = Cause(note["entry"], _entry(note).at, *whose, day, paper=paper)
    return judging.judge(store, now, cause, said_facts.NAMES)


def _entry(row: Row) -> Entry:
    return Entry.parse(row["record"].encode("utf-8"))
