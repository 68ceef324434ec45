"""Cases of notifiable diseases at this clinic, and its word that a week had none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm, NotFound
from edge.notifications import weeks
from edge.notifications.weeks import Case, Week, WeekCount
from edge.store import journal, outbox
from edge.store.store import Row, Store

STATES = ("suspected", "confirmed", "ruled-out")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a worker reports; `onset` is the day of the first sign or ""."""

    patient: str
    visit: str | None
    disease: str
    onset: str = ""
    state: str = "suspected"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """A case as it stands; `received_ms`: when a receipt covered its report, None while none."""

    id: str
    entry: int
    patient: str
    disease: str
    day: str
    state: str
    actor: str | None
    received_ms: int | None


def report(store: Store, now: Stamp, new: NewCase, actor: str | None) -> str:
    """Report a case the same day; return its id. Raises `InvalidForm`. One durable transaction."""
    _check(new.state, new.why)
    if new.onset and (_day_of(new.onset) is None or new.onset > _today(now)):
        raise InvalidForm({"onset": "format"})
    body: dict[str, object] = {
        "id": str(uuid7()),
        "patient": new.patient,
        "disease": new.disease,
        "day": _today(now),
        "state": new.state,
    }
    more = {"visit": new.visit, "onset": new.onset, "why": new.why.strip()}
    return _append(store, now, body | {k: v for k, v in more.items() if v}, actor)


def report_none(store: Store, now: Stamp, week: Week, actor: str | None) -> str | None:
    """Say that a week had no case; return the report's id.

    None, and nothing is written, when the week has a report already or is not over.
    """
    with store.transaction():
        if week.last.isoformat() >= _today(now) or count(store, week).is_reported:
            return None
        body: dict[str, object] = {
            "id": str(uuid7()),
            "disease": weeks.NONE,
            "day": _today(now),
            "state": "none",
            "week": week.word,
        }
        return _append(store, now, body, actor)


def change(
    store: Store, now: Stamp, case_id: str, state: str, actor: str | None, why: str = ""
) -> None:
    """Say how sure a case is now; raises `NotFound`, `InvalidForm`."""
    _check(state, why)
    with store.transaction():
        row = store.row("SELECT * FROM notification WHERE id = ? AND state <> 'none'", (case_id,))
        if row is None:
            raise NotFound(f"no case {case_id}")
        body: dict[str, object] = {
            "id": case_id,
            "patient": row["patient_id"],
            "disease": row["disease"],
            "day": row["day"],
            "state": state,
        }
        more = {"visit": row["visit_id"], "why": why.strip()}
        body |= {key: text for key, text in more.items() if text}
        entry = journal.append(store, EntryKind.NOTIFICATION, now, body, actor=actor)
        store.execute(
            "UPDATE notification SET state = ?, state_entry = ? WHERE id = ?",
            (state, entry, case_id),
        )


def get(store: Store, case_id: str) -> Notification:
    """Return one case; raises `NotFound`."""
    row = store.row("SELECT * FROM notification WHERE id = ? AND state <> 'none'", (case_id,))
    if row is None:
        raise NotFound(f"no case {case_id}")
    return _notification(store, row)


def of_week(store: Store, week: Week) -> list[Notification]:
    """Return the cases whose day lies in a week, the last first; those taken back are left out."""
    rows = store.rows(
        "SELECT * FROM notification WHERE day BETWEEN ? AND ? AND state <> 'none'"
        " AND taken_back IS NULL ORDER BY entry DESC",
        (week.first.isoformat(), week.last.isoformat()),
    )
    return [_notification(store, row) for row in rows]


def of_patient(store: Store, patient_ids: Sequence[str]) -> list[Notification]:
    """Return the cases of a person under whichever records, the last first."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        f"SELECT * FROM notification WHERE patient_id IN ({marks}) AND taken_back IS NULL"
        " ORDER BY entry DESC",
        tuple(patient_ids),
    )
    return [_notification(store, row) for row in rows]


def count(store: Store, week: Week) -> WeekCount:
    """Return the count of a week at this clinic."""
    rows = store.rows(
        "SELECT disease, day, state, week FROM notification WHERE taken_back IS NULL"
        " AND (week = ? OR day BETWEEN ? AND ?)",
        (week.word, week.first.isoformat(), week.last.isoformat()),
    )
    cases = (Case(r["disease"], r["day"], r["state"], r["week"] or "") for r in rows)
    return weeks.count(cases, week)


def _append(store: Store, now: Stamp, body: dict[str, object], actor: str | None) -> str:
    with store.transaction():
        entry = journal.append(store, EntryKind.NOTIFICATION, now, body, actor=actor)
        store.execute(
            "INSERT INTO notification (id, entry, patient_id, visit_id, disease, day, state,"
            " state_entry, week) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (body["id"], entry, body.get("patient"), body.get("visit"), body["disease"])
            + (body["day"], body["state"], entry, body.get("week")),
        )
    return str(body["id"])


def _notification(store: Store, row: Row) -> Notification:
    made = journal.read(store, row["entry"])
    return Notification(
        *(row["id"], row["entry"], row["patient_id"], row["disease"], row["day"], row["state"]),
        None if made is None else made.actor,
        outbox.received_ms(store, row["entry"]),
    )


def _check(state: str, why: str) -> None:
    if state not in STATES:
        raise InvalidForm({"state": "unknown"})
    if len(why) > LONGEST:
        raise InvalidForm({"why": "too-long"})


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _today(now: Stamp) -> str:
    return now.wall.astimezone().date().isoformat()
