"""What came of a call, with what follows from it: one act, one transaction."""

from __future__ import annotations

from edge.care import appointments, calls, episodes
from edge.care.appointments import Appointment
from edge.care.calls import Call
from edge.care.episodes import Outcome
from edge.care.follow_up import FollowUp
from edge.care.plan import EPISODE, HOSPITAL
from edge.model.clock import Stamp
from edge.model.follow_up_kinds import AppointmentState, CallOutcome, EpisodeState
from edge.patients import life_status
from edge.patients.life_status import LifeStatus
from edge.store.store import Store

_MARKS = {CallOutcome.MOVED: LifeStatus.MOVED_AWAY, CallOutcome.DIED: LifeStatus.DECEASED}


def about(row: FollowUp, outcome: str, remind: str | None = None, note: str | None = None) -> Call:
    """Return a call about a row of the lists."""
    own = row.id if row.source == EPISODE else None
    return Call(
        outcome,
        appointment=None if own else row.id,
        episode=own,
        remind=remind,
        note=note,
    )


def record(store: Store, now: Stamp, row: FollowUp, call: Call, actor: str | None) -> Call:
    """Keep what came of a call about a row; who moved, died or refused leaves the lists.

    Raises `ActionRefused` as `calls.note`.
    """
    with store.transaction():
        kept = calls.note(store, now, row.patient_id, call, actor)
        mark = _MARKS.get(CallOutcome(call.outcome))
        if mark is not None:
            life_status.mark(store, now, row.patient_id, mark, "", actor)
        elif call.outcome == CallOutcome.REFUSED:
            _refuse(store, now, row, actor)
    return kept


def close_hospital(
    store: Store, now: Stamp, row: FollowUp, state: AppointmentState, actor: str | None
) -> None:
    """Say what became of an appointment of the hospital, where only a person can know it."""
    told = Appointment(row.id, row.patient_id, row.due, state.value, "", row.programme)
    appointments.set_state_of_hospital(store, now, told, state.value, actor)


def _refuse(store: Store, now: Stamp, row: FollowUp, actor: str | None) -> None:
    if row.source == EPISODE:
        episodes.end(store, now, row.id, Outcome(EpisodeState.REFUSED.value), actor)
    elif row.source == HOSPITAL:
        close_hospital(store, now, row, AppointmentState.MISSED, actor)
    else:
        missed, why = AppointmentState.MISSED.value, CallOutcome.REFUSED.value
        appointments.set_state(store, now, row.id, missed, actor, why=why)
