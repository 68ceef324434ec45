"""Visits: while one is open at a station, what the devices there measure belongs to its patient.

At most one visit is open at a station, and one that nobody touched for `idle_s` counts as closed:
a forgotten session must never collect the next person's readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from uuid_utils import uuid7

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm, NotFound
from edge.store import journal
from edge.store.store import Row, Store
from edge.visits.visit_words import REASONS

STATION = "main"
PAPER_STATION = "paper"
"""Where visits stand that are typed in later: no device measures there."""
IDLE_S = 600
TOUCH_EVERY_S = 15


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient being seen; `mode` is "worker" or "alone"; `opened` when, `active` last touch.

    `entry` and `closed_entry` are the journal entries between which it collected readings. `day` is
    its calendar day at the clinic; of a `paper` visit, typed in later, the day that was written.
    `reason` is a word of `REASONS`, `number` the patient's in the queue of the day.
    """

    id: str
    patient_id: str
    mode: str
    actor: str | None
    opened: Stamp
    active_boot: int
    active_t_ms: int
    station: str = STATION
    entry: int = 0
    closed_entry: int | None = None
    closed_why: str | None = None
    day: date = date.min
    paper: bool = False
    reason: str | None = None
    number: int | None = None

    def is_idle(self, now: Stamp, idle_s: int = IDLE_S) -> bool:
        """Whether nobody has touched it for `idle_s`, or the box has been restarted since."""
        return self.active_boot != now.boot or now.t_ms - self.active_t_ms > idle_s * 1000


def open_visit(
    store: Store,
    now: Stamp,
    patient_id: str,
    *,
    actor: str | None,
    mode: str = "worker",
    station: str = STATION,
) -> Visit:
    """Open a visit, closing whatever was open at the station; raises `NotFound`."""
    with store.transaction():
        today = day_of(now)
        number = _queue_number(store, patient_id, today) if mode == "worker" else None
        visit = Visit(str(uuid7()), patient_id, mode, actor, now, now.boot, now.t_ms, station)
        close_visit(store, now, why="another patient", station=station, actor=actor)
        return _open(store, now, replace(visit, day=today, number=number))


def open_paper(
    store: Store, now: Stamp, patient_id: str, day: date, reason: str | None, *, actor: str | None
) -> Visit:
    """Open a visit of an earlier day that stands on paper; it is closed by `close_visit`.

    Raises `NotFound`, `InvalidForm` ("day": "future", "reason": "unknown").
    """
    if day > day_of(now):
        raise InvalidForm({"day": "future"})
    if reason is not None and reason not in REASONS:
        raise InvalidForm({"reason": "unknown"})
    with store.transaction():
        visit = Visit(
            *(str(uuid7()), patient_id, "worker", actor, now, now.boot, now.t_ms, PAPER_STATION)
        )
        close_visit(store, now, why="another patient", station=PAPER_STATION, actor=actor)
        return _open(store, now, replace(visit, day=day, paper=True, reason=reason))


def paper_day(visit: Visit, now: Stamp) -> date | None:
    """Return the earlier day of what is typed in from paper; None for what is of today."""
    return visit.day if visit.paper and visit.day < day_of(now) else None


def day_of(at: Stamp) -> date:
    """Return the clinic's calendar day of a moment, by the box's own clock and zone."""
    return at.wall.astimezone().date()


def close_visit(
    store: Store, now: Stamp, *, why: str, station: str = STATION, actor: str | None = None
) -> bool:
    """Close the open visit, if there is one; return whether there was."""
    with store.transaction():
        visit = _open_row(store, station)
        if visit is None:
            return False
        body = {"visit": visit["id"], "why": why}
        entry = journal.append(store, EntryKind.VISIT_CLOSED, now, body, actor=actor)
        store.execute(
            "UPDATE visit SET closed_entry = ?, closed_why = ? WHERE id = ?",
            (entry, why, visit["id"]),
        )
    return True


def close_idle(store: Store, now: Stamp, idle_s: int = IDLE_S) -> int:
    """Close the visits that nobody touched for `idle_s`, at every station; return how many."""
    if not _idle(store, now, idle_s):
        return 0  # the usual case takes no write lock
    with store.transaction():
        idle = _idle(store, now, idle_s)
        for visit in idle:
            close_visit(store, now, why="idle", station=visit.station)
    return len(idle)


def current(
    store: Store, now: Stamp, *, station: str = STATION, idle_s: int = IDLE_S
) -> Visit | None:
    """Return the visit that readings belong to now, or None."""
    row = _open_row(store, station)
    if row is None:
        return None
    visit = _visit(row, store)
    return None if visit.is_idle(now, idle_s) else visit


def touch(store: Store, now: Stamp, visit: Visit) -> None:
    """Note that a person is still with this visit; to the nearest `TOUCH_EVERY_S`."""
    if visit.active_boot == now.boot and now.t_ms - visit.active_t_ms < TOUCH_EVERY_S * 1000:
        return
    with store.transaction():
        store.execute(
            "UPDATE visit SET active_boot = ?, active_t_ms = ?"
            " WHERE id = ? AND closed_entry IS NULL",
            (now.boot, now.t_ms, visit.id),
        )


def get(store: Store, visit_id: str) -> Visit:
    """Return a visit; raises `NotFound`."""
    row = store.row("SELECT * FROM visit WHERE id = ?", (visit_id,))
    if row is None:
        raise NotFound(f"no visit {visit_id}")
    return _visit(row, store)


def of_patient(store: Store, patient_ids: Sequence[str]) -> list[Visit]:
    """Return the visits of the records of one person, newest day first."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        f"SELECT * FROM visit WHERE patient_id IN ({marks}) ORDER BY day DESC, entry DESC",
        tuple(patient_ids),
    )
    return [_visit(row, store) for row in rows]


def _open(store: Store, now: Stamp, visit: Visit) -> Visit:
    """Write a visit, inside the caller's transaction; return it with its entry."""
    if store.row("SELECT 1 FROM patient WHERE id = ?", (visit.patient_id,)) is None:
        raise NotFound(f"no patient {visit.patient_id}")
    body: dict[str, object] = {
        "visit": visit.id,
        "patient": visit.patient_id,
        "mode": visit.mode,
        "station": visit.station,
        "day": visit.day.isoformat(),
    }
    optional = {"paper": visit.paper or None, "reason": visit.reason, "number": visit.number}
    body |= {key: value for key, value in optional.items() if value is not None}
    entry = journal.append(store, EntryKind.VISIT_OPENED, now, body, actor=visit.actor)
    store.execute(
        "INSERT INTO visit (id, entry, patient_id, station, mode, actor, opened_boot,"
        " opened_t_ms, opened_wall_ms, active_boot, active_t_ms, day, paper, reason, number)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (visit.id, entry, visit.patient_id, visit.station, visit.mode, visit.actor)
        + (now.boot, now.t_ms, now.wall_ms, now.boot, now.t_ms)
        + (visit.day.isoformat(), int(visit.paper), visit.reason, visit.number),
    )
    return replace(visit, entry=entry)


def _queue_number(store: Store, patient_id: str, today: date) -> int:
    """Return the number that a patient has in the queue of a day, or the next one."""
    sql = "SELECT max(number) FROM visit WHERE day = ? AND paper = 0"
    day = today.isoformat()
    held = store.scalar(f"{sql} AND patient_id = ?", (day, patient_id))
    return held or store.scalar(sql, (day,)) + 1


def _idle(store: Store, now: Stamp, idle_s: int) -> list[Visit]:
    rows = store.rows("SELECT * FROM visit WHERE closed_entry IS NULL")
    return [visit for row in rows if (visit := _visit(row, store)).is_idle(now, idle_s)]


def _open_row(store: Store, station: str) -> Row | None:
    return store.row("SELECT * FROM visit WHERE station = ? AND closed_entry IS NULL", (station,))


def _visit(row: Row, store: Store) -> Visit:
    opened = Stamp(
        row["opened_boot"], row["opened_t_ms"], row["opened_wall_ms"], ClockQuality.UNSURE
    )
    return Visit(
        row["id"],
        row["patient_id"],
        row["mode"],
        row["actor"],
        opened,
        row["active_boot"],
        row["active_t_ms"],
        row["station"],
        row["entry"],
        row["closed_entry"],
        row["closed_why"],
        day_of(opened) if row["day"] is None else date.fromisoformat(row["day"]),
        bool(row["paper"]),
        row["reason"],
        row["number"],
    )
