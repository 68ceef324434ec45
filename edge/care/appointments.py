"""Appointments made at the clinic: a day to come on, and what became of it.

Each act is an entry of kind `appointment`; what is true is the newest that nobody took back. The
hospital's own appointments come with the feed (`edge.feed.messages`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.follow_up_kinds import AppointmentState
from edge.patients import birth, edits
from edge.store import journal
from edge.store.store import Row, Store


@dataclass(frozen=True, slots=True)
class Appointment:
    """A day (`due`, local `YYYY-MM-DD`) on which somebody was asked to come.

    `programme` is the programme that it is for, None: none. `day` is that of the newest entry,
    `visit` the one in which that was said. `why` of one that somebody kept, or missed and came
    later, is the id of their visit.
    """

    id: str
    patient_id: str
    due: str
    state: str
    day: str
    programme: str | None = None
    why: str | None = None
    visit: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet what became of it."""
        return self.state == AppointmentState.BOOKED


def book(
    store: Store,
    now: Stamp,
    patient_id: str,
    due: str,
    actor: str | None,
    *,
    programme: str | None = None,
    visit: str | None = None,
) -> Appointment:
    """Ask somebody to come on a day; an open one for the same programme is moved to that day."""
    day = birth.today_of(now).isoformat()
    with store.transaction():
        for other in of_patient(store, patient_id):
            if other.is_open and other.programme == programme:
                if other.due == due:
                    return other
                moved = replace(other, state="moved", day=day, why=due, visit=visit)
                _write(store, now, moved, actor)
        booked = Appointment(str(uuid7()), patient_id, due, "booked", day, programme, visit=visit)
        _write(store, now, booked, actor)
    return booked


def set_state(
    store: Store,
    now: Stamp,
    appointment_id: str,
    state: str,
    actor: str | None,
    *,
    why: str | None = None,
    visit: str | None = None,
) -> Appointment:
    """Say what became of an appointment; raises `NotFound`, and `ActionRefused` ("state")."""
    if state not in set(AppointmentState):
        raise ActionRefused("state", f"there is no state {state}")
    with store.transaction():
        was = get(store, appointment_id)
        if was.state == state:
            return was
        day = birth.today_of(now).isoformat()
        changed = replace(was, state=state, day=day, why=why, visit=visit)
        _write(store, now, changed, actor)
    return changed


def get(store: Store, appointment_id: str) -> Appointment:
    """Return an appointment as it stands; raises `NotFound`."""
    sql = f"{_ROWS} WHERE appointment = ? AND taken_back IS NULL ORDER BY entry"
    found = _appointments(store.rows(sql, (appointment_id,)))
    if not found:
        raise NotFound(f"no appointment {appointment_id}")
    return found[0]


def of_patient(store: Store, patient_id: str) -> list[Appointment]:
    """Return the appointments of a person under all their records, the latest day first."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    sql = f"{_ROWS} WHERE patient_id IN ({marks}) AND taken_back IS NULL ORDER BY entry"
    return sorted(_appointments(store.rows(sql, ids)), key=lambda a: (a.due, a.id), reverse=True)


def said_of_hospital(store: Store, patient_ids: Iterable[str]) -> Mapping[str, str]:
    """Return of which of the hospital's appointments somebody said what became, and their days.

    An appointment that the hospital moved meanwhile to another day is open again.
    """
    ids = list(patient_ids)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        f"SELECT appointment, due FROM appointment_entry WHERE patient_id IN ({marks})"
        " AND state <> 'booked' AND taken_back IS NULL ORDER BY entry",
        ids,
    )
    return {row["appointment"]: row["due"] for row in rows}


def set_state_of_hospital(
    store: Store, now: Stamp, told: Appointment, state: str, actor: str | None
) -> Appointment:
    """Say what became of an appointment of the hospital; raises `ActionRefused` ("state")."""
    if state not in set(AppointmentState):
        raise ActionRefused("state", f"there is no state {state}")
    said = replace(told, state=state, day=birth.today_of(now).isoformat())
    with store.transaction():
        _write(store, now, said, actor)
    return said


_ROWS = (
    "SELECT appointment, patient_id, due, state, day, programme, why, visit_id"
    " FROM appointment_entry"
)


def _appointments(rows: Iterable[Row]) -> list[Appointment]:
    newest = {row["appointment"]: Appointment(*row) for row in rows}
    return list(newest.values())


def _write(store: Store, now: Stamp, said: Appointment, actor: str | None) -> None:
    body: dict[str, object] = {
        "appointment": said.id,
        "patient": said.patient_id,
        "due": said.due,
        "state": said.state,
        "day": said.day,
    }
    more = {"programme": said.programme, "why": said.why, "visit": said.visit}
    body |= {name: value for name, value in more.items() if value}
    entry = journal.append(store, EntryKind.APPOINTMENT, now, body, actor=actor)
    store.execute(
        "INSERT INTO appointment_entry (entry, appointment, patient_id, due, state, day, programme,"
        " why, visit_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry, said.id, said.patient_id, said.due, said.state, said.day, said.programme)
        + (said.why, said.visit),
    )
