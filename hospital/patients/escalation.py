"""An alert that nobody answers goes to the next person of the roster, step by step.

The timer of the first person counts from the moment when the alert was received here, that of each
next one from the step. Every step is kept, shown at the desk and sent to the clinic. An answer
(`hospital.patients.alert_notes`) ends it; both lock the alert, so that neither misses the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.model.feed_item import Entity, Item
from hospital.accounts import accounts, rosters
from hospital.archive import Archive, Row, row
from hospital.feed import feed

MINUTE_MS: Final = 60_000
AS_LONG_AS_MS: Final = 7 * 24 * 60 * MINUTE_MS
"""An alert that came longer ago is passed on no more: it stands in the list."""

Minutes = Mapping[str, int]
"""How many minutes each person has, by the level of the alert; a level without a row: `OTHER`."""
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Step:
    """One person whom an alert went to: the account, and since when, Unix milliseconds."""

    place: int
    account: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step with the person's name and telephone ("" when none is known)."""

    place: int
    name: str
    telephone: str
    since_ms: int


def following(
    steps: Sequence[Step], roster: Sequence[str], received_ms: int, now_ms: int, minutes: int
) -> Step | None:
    """Return the step that is due, None when nobody else is to be asked now.

    Pure. `steps` are those made so far, in order; `roster` the accounts, in order.
    """
    if not steps:
        return Step(1, roster[0], received_ms) if roster else None
    last = steps[-1]
    if last.place >= len(roster) or now_ms - last.since_ms < minutes * MINUTE_MS:
        return None
    return Step(last.place + 1, roster[last.place], now_ms)


def pass_on(archive: Archive, now_ms: int, minutes: Minutes) -> int:
    """Pass on every alert whose time is over; return how many. One transaction an alert."""
    rows = archive.rows(
        f"SELECT a.id FROM alert a WHERE {_WAITS} ORDER BY a.number", (now_ms - AS_LONG_AS_MS,)
    )
    return sum(_pass_on(archive, r["id"], now_ms, minutes) for r in rows)


def steps_of(archive: Archive, alert_ids: Sequence[str]) -> dict[str, list[NamedStep]]:
    """Return whom alerts went to, by alert, in order."""
    found: dict[str, list[NamedStep]] = {}
    if not alert_ids:
        return found
    marks = ", ".join("?" * len(alert_ids))
    rows = archive.rows(
        "SELECT s.*, a.full_name, a.telephone FROM alert_step s"
        f" LEFT JOIN account a ON a.name = s.account WHERE s.alert IN ({marks})"
        " ORDER BY s.alert, s.place",
        list(alert_ids),
    )
    for r in rows:
        name = r["full_name"] or r["account"]
        step = NamedStep(r["place"], name, r["telephone"] or "", r["since_ms"])
        found.setdefault(r["alert"], []).append(step)
    return found


def end(archive: Archive, clinic: str, alert_id: str) -> None:
    """Take the step off the clinic's feed: somebody has answered. Inside a transaction."""
    feed.remove(archive, clinic, Entity.ESCALATION, alert_id)


_WAITS = (
    "a.handled = 0 AND a.received_ms > ?"
    " AND NOT EXISTS (SELECT 1 FROM alert_note n WHERE n.alert = a.id)"
    # what was typed in later from paper of an earlier day is listed and rings at nobody
    " AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.id = a.reading AND r.day IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.clinic = a.clinic AND v.id = a.visit"
    " AND v.paper = 1)"
    " AND NOT EXISTS (SELECT 1 FROM visit_move m WHERE m.clinic = a.clinic AND m.visit = a.visit"
    " AND m.patient = a.patient)"
    " AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.id = a.reading AND (r.discarded = 1"
    " OR coalesce(r.patient, '') <> coalesce(a.patient, '')))"
)
"""Nobody here has said anything about it, and nobody at the clinic has taken it back."""


def _pass_on(archive: Archive, alert_id: str, now_ms: int, minutes: Minutes) -> bool:
    with archive.transaction():
        alert = row(archive, "SELECT * FROM alert WHERE id = ?" + archive.for_update, (alert_id,))
        waits = f"SELECT a.id FROM alert a WHERE a.id = ? AND {_WAITS}"
        still = row(archive, waits, (alert_id, now_ms - AS_LONG_AS_MS))
        if alert is None or still is None:
            return False
        steps = [
            Step(r["place"], r["account"], r["since_ms"])
            for r in archive.rows(
                "SELECT * FROM alert_step WHERE alert = ? ORDER BY place", (alert_id,)
            )
        ]
        roster = rosters.roster(archive, alert["clinic"], alert["level"])
        limit = minutes.get(alert["level"], minutes[OTHER])
        step = following(steps, roster, alert["received_ms"], now_ms, limit)
        if step is None:
            return False
        archive.execute(
            "INSERT INTO alert_step (alert, place, account, since_ms) VALUES (?, ?, ?, ?)",
            (alert_id, step.place, step.account, step.since_ms),
        )
        _send(archive, alert, step, len(roster))
    return True


def _send(archive: Archive, alert: Row, step: Step, people: int) -> None:
    person = accounts.person(archive, step.account)
    body: dict[str, object] = {
        "to": person.name,
        "place": step.place,
        "people": people,
        "at_ms": step.since_ms,
        "received_ms": alert["received_ms"],
    }
    if person.telephone:
        body["phone"] = person.telephone
    if alert["patient"]:
        body["patient"] = alert["patient"]
    feed.put(archive, alert["clinic"], Item(Entity.ESCALATION, alert["id"], step.place, body))
