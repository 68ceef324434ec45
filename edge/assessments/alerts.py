"""Alerts: what a rule found urgent goes out at once, once for each rule and visit.

A further one follows only when the level rises, or when the reading of the first was taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from edge.assessments.cause import Cause
from edge.assessments.measured_facts import MeasuredFact
from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.reading import Code, Value
from edge.model.reading_body import row_of
from edge.rules.assessment import Level
from edge.rules.possible import half_up
from edge.rules.table import Lookup, RuleTable
from edge.store import journal
from edge.store.store import Store

_BY_CODE = {str(code): code.name.lower().replace("_", "-") for code in Code}
SIGNS = "danger-signs"
"""The parameter of an alert that no measured value raised."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found urgent: its assessment (a journal number) and the facts that made it so."""

    rule: RuleTable
    level: Level
    assessment: int
    measured: tuple[tuple[str, MeasuredFact], ...]


def raise_once(store: Store, now: Stamp, cause: Cause, alert: Alert) -> list[int]:
    """Raise an alert unless one as urgent stands for the visit; in the caller's transaction."""
    if any(Level(held).rank >= alert.level.rank for held in _standing(store, cause, alert.rule.id)):
        return []
    name, value, reading = _parameter(cause, alert)
    bound = _bound(alert)
    body: dict[str, object] = {
        "rule": alert.rule.id,
        "level": alert.level.value,
        "parameter": name,
        "value": row_of(value),
        "patient": cause.patient_id,
        "reading": journal.identity(store, reading),
        "assessment": journal.identity(store, alert.assessment),
    }
    body |= {} if bound is None else {"bound": f"{bound:f}"}
    body |= {} if cause.visit_id is None else {"visit": cause.visit_id}
    entry = journal.append(store, EntryKind.ALERT, now, body)
    store.execute(
        "INSERT INTO alert (entry, reading, patient_id, rule, level, visit_id, assessment)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry, reading, cause.patient_id, alert.rule.id, alert.level.value)
        + (cause.visit_id, alert.assessment),
    )
    return [entry]


def _standing(store: Store, cause: Cause, rule: str) -> list[str]:
    """Return the levels of the alerts of a rule whose assessments stand, for the same visit.

    One that a release without assessments raised stands for its own reading.
    """
    rows = store.rows(
        "SELECT l.level FROM alert l LEFT JOIN assessment a ON a.entry = l.assessment"
        " WHERE l.patient_id = ? AND ((l.assessment IS NULL AND l.reading = ?) OR (l.rule = ?"
        " AND l.visit_id IS ? AND a.stands = 1 AND (a.visit_id IS NOT NULL OR a.day = ?)))",
        (cause.patient_id, cause.entry, rule, cause.visit_id, cause.day.isoformat()),
    )
    return [row["level"] for row in rows if row["level"] in set(Level)]


def _parameter(cause: Cause, alert: Alert) -> tuple[str, Value, int]:
    """Return what raised it: its name, the value and the entry that it is from."""
    if not alert.measured:
        return SIGNS, Value(SIGNS, Decimal(1), "1"), cause.entry
    name, measured = alert.measured[0]
    value = measured.value
    return _BY_CODE.get(value.code, name.replace("_", "-")), value, measured.entries[-1]


def _bound(alert: Alert) -> Decimal | None:
    """Return the edge of the band in which the first value lies; None where there is none."""
    if not alert.measured:
        return None
    name, measured = alert.measured[0]
    steps = [step for step in alert.rule.steps.values() if isinstance(step, Lookup)]
    variants = [variant for step in steps for variant in step.variants if variant.of == name]
    for variant in variants:
        raw = measured.value.value
        number = raw if variant.step is None else half_up(raw, variant.step)
        for band in variant.bands:
            if not band.words and band.holds(number):
                return next((e for e in (band.least, band.high) if e.is_finite()), None)
    return None
