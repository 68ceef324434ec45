"""Alerts: every reading of a patient is judged by the rules, and again when a missing fact comes.

A rule that cannot judge says why (`edge.rules.silent`), so that no screen is calm because of it.
"""

from __future__ import annotations

from edge.model.age import Age
from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.patient import Patient
from edge.model.reading import IMPROBABLE, Value
from edge.patients import edits, register
from edge.readings.bodies import row_of, values_of
from edge.rules import RULES, plausibility
from edge.rules.rule import Rule, RuleResult
from edge.store import journal
from edge.store.store import Store

RECENT_MS = 7 * 24 * 3600 * 1000
"""So far back readings are judged again when the age becomes known."""


def judge(
    store: Store, at: Stamp, entry: int, patient_id: str, values: tuple[Value, ...]
) -> tuple[int, ...]:
    """Judge a reading by every rule and raise the alerts; inside the caller's transaction."""
    rules = [rule for rule in RULES if rule.concerns(values)]
    if not rules or _awaits_confirmation(store, entry):
        return ()  # mostly nothing concerns a rule, and then nobody's age matters
    age = age_of(store, patient_id, at)
    years = None if age is None else age.years
    return tuple(
        _raise_alert(store, at, (entry, patient_id), rule, result)
        for rule in rules
        for result in rule.judge(values, years)
        if not _is_raised(store, entry, rule, result)
    )


def judge_again(store: Store, now: Stamp, patient_id: str) -> tuple[int, ...]:
    """Judge the recent readings of a person whose age has become known.

    Alerts that stand are not raised a second time. One durable transaction.
    """
    with store.transaction():
        rows = [
            (row["entry"], one)
            for one in edits.one_person(store, patient_id)
            for row in store.rows(
                "SELECT entry FROM reading WHERE patient_id = ? AND wall_ms >= ?"
                " AND coalesce(tray, '') <> 'discarded' ORDER BY entry",
                (one, now.wall_ms - RECENT_MS),
            )
        ]
        return tuple(alert for row in rows for alert in judge_one(store, now, *row))


def judge_late(store: Store, now: Stamp, limit: int = 100) -> tuple[int, ...]:
    """Judge again for everybody of whom something has become known; return the new alerts."""
    rows = store.rows("SELECT patient_id FROM to_judge LIMIT ?", (limit,))
    raised: list[int] = []
    for row in rows:
        with store.transaction():
            raised += judge_again(store, now, row["patient_id"])
            store.execute("DELETE FROM to_judge WHERE patient_id = ?", (row["patient_id"],))
    return tuple(raised)


def judge_one(store: Store, now: Stamp, entry: int, patient_id: str) -> tuple[int, ...]:
    """Judge a recorded reading by the age that is known now, its doubts and by the rules.

    Inside the caller's transaction.
    """
    reading = journal.read(store, entry)
    if reading is None:
        return ()
    values = values_of(reading.body)
    doubts = plausibility.doubtful(values, age_of(store, patient_id, now))
    store.execute(
        "UPDATE reading SET warnings = ? WHERE entry = ?",
        (" ".join(doubt.name for doubt in doubts), entry),
    )
    return judge(store, now, entry, patient_id, values)


def age_of(store: Store, patient_id: str, at: Stamp) -> Age | None:
    """Return the age of a person by any of their records, the one that stands for them first."""
    today = at.wall.astimezone().date()
    ages = (
        known.age_at(today)
        for one in edits.one_person(store, patient_id)
        if (known := _patient(store, one)) is not None
    )
    return next((age for age in ages if age is not None), None)


def _patient(store: Store, patient_id: str) -> Patient | None:
    found = store.row("SELECT 1 FROM patient WHERE id = ?", (patient_id,))
    return None if found is None else register.get(store, patient_id)


def _awaits_confirmation(store: Store, entry: int) -> bool:
    """Whether the reading is hardly possible and nobody has confirmed it yet."""
    reading = journal.read(store, entry)
    quality = reading.body.get("quality") if reading is not None else None
    if not isinstance(quality, list) or IMPROBABLE not in quality:
        return False
    row = store.row("SELECT compared FROM reading WHERE entry = ?", (entry,))
    return row is None or row["compared"] is None


def _is_raised(store: Store, entry: int, rule: Rule, result: RuleResult) -> bool:
    rows = store.rows("SELECT entry FROM alert WHERE reading = ? AND rule = ?", (entry, rule.name))
    bodies = [journal.read(store, row["entry"]) for row in rows]
    return any(b is None or b.body.get("parameter") == result.name for b in bodies)


def _raise_alert(
    store: Store, at: Stamp, about: tuple[int, str], rule: Rule, result: RuleResult
) -> int:
    entry, patient_id = about
    body = {
        "rule": rule.name,
        "level": rule.level,
        "parameter": result.name,
        "value": row_of(result.value),
        "bound": str(result.bound),
        "patient": patient_id,
        "reading": journal.identity(store, entry),
    }
    alert = journal.append(store, EntryKind.ALERT, at, body)
    store.execute(
        "INSERT INTO alert (entry, reading, patient_id, rule, level) VALUES (?, ?, ?, ?, ?)",
        (alert, entry, patient_id, rule.name, rule.level),
    )
    return alert
