"""Who should come: one row for each open episode and appointment, with the day on which it is due.

The rows of `follow_up` are derived from the entries of a person (`settle`). Whatever changes what
is true of somebody puts them into `to_settle`, by triggers of the tables; nothing has to remember
to do so. Who has died or moved away has no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from edge.care import appointments, calls, courses, episodes, plan
from edge.care.appointments import Appointment
from edge.care.calls import Call
from edge.care.courses import VisitDay
from edge.care.library import Library
from edge.care.plan import APPOINTMENT, EPISODE, HOSPITAL, NEVER
from edge.feed import messages
from edge.model.clock import Stamp
from edge.model.follow_up_kinds import AppointmentState
from edge.patients import edits, life_status
from edge.store.store import Store

KEPT_EARLY_DAYS: Final = 7
KEPT_LATE_DAYS: Final = 7
"""Who comes so many days before or after an appointment has kept it. Our own choice, which a
clinician signs with the programmes; who comes later has missed it, and came."""

BATCH: Final = 200
"""So many people are settled in one transaction, which other processes wait for."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody who should come: about what, on which local day, and since when they are lost.

    `remind` is the day to call again, `outcome` what came of the last call since it was due.
    """

    patient_id: str
    source: str
    id: str
    programme: str | None
    due: str
    lost: str
    remind: str | None = None
    outcome: str | None = None
    called: str | None = None


def settle_waiting(store: Store, now: Stamp, library: Library, most: int = BATCH) -> int:
    """Settle people about whom something has changed; return how many still wait."""
    if not store.scalar("SELECT EXISTS (SELECT 1 FROM to_settle)"):
        return 0  # the usual case takes no write lock
    with store.transaction():
        rows = store.rows("SELECT patient_id FROM to_settle LIMIT ?", (most,))
        for row in rows:
            settle(store, now, library, row["patient_id"])
    return store.scalar("SELECT count(*) FROM to_settle")


def settle_if_tables_changed(store: Store, library: Library) -> bool:
    """Put everybody with an episode into `to_settle` when programmes are not what they were."""
    known = store.row("SELECT fingerprint FROM care_tables")
    if known is not None and known["fingerprint"] == library.fingerprint:
        return False
    with store.transaction():
        store.execute("DELETE FROM care_tables")
        store.execute("INSERT INTO care_tables (fingerprint) VALUES (?)", (library.fingerprint,))
        store.execute(
            "INSERT OR IGNORE INTO to_settle (patient_id)"
            " SELECT DISTINCT patient_id FROM programme_entry"
        )
    return True


def settle(store: Store, now: Stamp, library: Library, patient_id: str) -> list[FollowUp]:
    """Write anew what is due for a person, and what became of appointments; return the rows."""
    with store.transaction():
        ids = edits.one_person(store, patient_id)
        marks = ", ".join("?" * len(ids))
        rows: list[FollowUp] = []
        if life_status.is_here(store, patient_id) and _is_ours(store, ids):
            _judge_appointments(store, now, ids)
            rows = _due(store, library, ids)
        store.execute(f"DELETE FROM follow_up WHERE patient_id IN ({marks})", ids)
        for row in rows:
            store.execute(
                "INSERT OR REPLACE INTO follow_up (patient_id, source, id, programme, due, lost,"
                " remind, outcome, called) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (row.patient_id, row.source, row.id, row.programme, row.due, row.lost)
                + (row.remind, row.outcome, row.called),
            )
        store.execute(f"DELETE FROM to_settle WHERE patient_id IN ({marks})", ids)
    return rows


def _is_ours(store: Store, ids: Sequence[str]) -> bool:
    """Whether the person still belongs to this clinic."""
    row = store.row("SELECT away FROM patient WHERE id = ?", (ids[0],))
    return row is not None and not row["away"]


def _judge_appointments(store: Store, now: Stamp, ids: Sequence[str]) -> None:
    """Say of open appointments that they were kept, or missed by somebody who came later.

    `why` is then the visit. When it is another person's meanwhile, the appointment stands again.
    """
    came = courses.visits_of(store, ids)
    for one in appointments.of_patient(store, ids[0]):
        if one.is_open:
            _judge(store, now, one, came)
        elif one.why and _is_of_others(store, one.why, ids):
            appointments.set_state(store, now, one.id, AppointmentState.BOOKED, None)


def _judge(store: Store, now: Stamp, one: Appointment, came: Sequence[VisitDay]) -> None:
    due = date.fromisoformat(one.due)
    for visit in came:
        days = (date.fromisoformat(visit.day) - due).days
        if visit.id != one.visit and visit.day > one.day and days >= -KEPT_EARLY_DAYS:
            is_kept = days <= KEPT_LATE_DAYS
            state = AppointmentState.KEPT if is_kept else AppointmentState.MISSED
            appointments.set_state(store, now, one.id, state, None, why=visit.id)
            return


def _is_of_others(store: Store, visit_id: str, ids: Sequence[str]) -> bool:
    row = store.row("SELECT patient_id FROM visit WHERE id = ?", (visit_id,))
    return row is not None and row["patient_id"] not in ids


def _due(store: Store, library: Library, ids: Sequence[str]) -> list[FollowUp]:
    called = calls.of_patient(store, ids[0])
    booked = [one for one in appointments.of_patient(store, ids[0]) if one.is_open]
    by_programme = {one.programme: one for one in booked}
    rows: list[FollowUp] = []
    for episode in episodes.of_patient(store, ids[0]):
        programme = library.programmes.get(episode.programme)
        if not episode.is_open or programme is None:
            continue
        found = plan.plan(programme, courses.of_episode(store, library, episode))
        own = by_programme.pop(episode.programme, None)
        lost = found.lost.isoformat() if found.lost else NEVER
        if own is not None:
            rows.append(_of_appointment(ids[0], own, max(lost, own.due)))
        elif found.due is not None:
            due = found.due.isoformat()
            rows.append(FollowUp(ids[0], EPISODE, episode.id, episode.programme, due, lost))
    rows += [_of_appointment(ids[0], one, NEVER) for one in by_programme.values()]
    rows += _of_hospital(store, ids)
    return [_with_calls(row, called) for row in rows]


def _of_appointment(patient_id: str, one: Appointment, lost: str) -> FollowUp:
    return FollowUp(patient_id, APPOINTMENT, one.id, one.programme, one.due, lost)


def _of_hospital(store: Store, ids: Sequence[str]) -> list[FollowUp]:
    """Return the hospital's appointments of which nobody has said what became of them."""
    said = appointments.said_of_hospital(store, ids)
    return [
        FollowUp(ids[0], HOSPITAL, one.id, None, one.when.date().isoformat(), NEVER)
        for one in messages.appointments(store, ids[0])
        if one.when is not None and said.get(one.id) != one.when.date().isoformat()
    ]


def _with_calls(row: FollowUp, called: Sequence[Call]) -> FollowUp:
    """Return a row with the last call about it since it was due."""
    about = [
        call
        for call in called
        if call.day >= row.due and row.id in (call.appointment, call.episode)
    ]
    if not about:
        return row
    last = about[-1]
    return FollowUp(
        *(row.patient_id, row.source, row.id, row.programme, row.due, row.lost),
        remind=last.remind,
        outcome=last.outcome,
        called=last.day,
    )


def counts(store: Store, today: date, programme: str | None = None) -> dict[str, int]:
    """Return how many stand on each list on a local day, by its name (`LISTS`)."""
    also, more = _also(programme)
    sums = ", ".join(f"sum({condition}) AS {name}" for name, condition in LISTS.items())
    sql = f"SELECT {sums} FROM follow_up f WHERE ?2 = ?2{also}"
    row = store.row(sql, (*_values(today), *more))
    return {name: row[name] or 0 if row is not None else 0 for name in LISTS}


def page(
    store: Store, name: str, today: date, skip: int, limit: int, programme: str | None = None
) -> list[FollowUp]:
    """Return one page of a list, those who wait longest first; of one programme when it is said."""
    also, more = _also(programme)
    rows = store.rows(
        f"{_ROWS} f WHERE {LISTS[name]} AND ?2 = ?2{also}"
        " ORDER BY f.due, f.patient_id LIMIT ? OFFSET ?",
        (*_values(today), *more, limit, skip),
    )
    return [FollowUp(*row) for row in rows]


def one(store: Store, source: str, item_id: str) -> FollowUp | None:
    """Return one row of the lists, None when it is on none any more."""
    row = store.row(f"{_ROWS} WHERE source = ? AND id = ?", (source, item_id))
    return None if row is None else FollowUp(*row)


def of_patient(store: Store, patient_id: str) -> list[FollowUp]:
    """Return what is due for a person, the soonest first."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        f"{_ROWS} WHERE patient_id IN ({marks}) ORDER BY due, id",
        ids,
    )
    return [FollowUp(*row) for row in rows]


_ROWS = (
    "SELECT patient_id, source, id, programme, due, lost, remind, outcome, called FROM follow_up"
)


def _also(programme: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the SQL that keeps a list to one programme, and its value."""
    return (" AND f.programme = ?", (programme,)) if programme else ("", ())


LISTS: Final[Mapping[str, str]] = {
    "today": "f.due = ?1",
    "week": "f.due > ?1 AND f.due <= ?2",
    "overdue": "f.due < ?1 AND f.lost > ?1 AND (f.remind IS NULL OR f.remind <= ?1)",
    "later": "f.due < ?1 AND f.remind > ?1",
    "lost": "f.due < ?1 AND f.lost <= ?1",
}
"""The lists by name, as SQL of the day (?1) and of a week later (?2)."""


def _values(today: date) -> tuple[str, str]:
    """Return the values of the SQL of `LISTS`."""
    return today.isoformat(), (today + timedelta(days=7)).isoformat()
