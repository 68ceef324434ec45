"""Moving a whole visit to the right patient: what was said, what was measured, what rules found."""

from __future__ import annotations

from edge.assessments import record
from edge.model.clock import Stamp
from edge.readings import alerts, retract
from edge.readings.retract import Holder
from edge.store.store import Store
from edge.visits import moving, visits


def move_whole(
    store: Store, now: Stamp, visit_id: str, patient_id: str, becomes: str, *, actor: str
) -> None:
    """Give a visit with all that belongs to it to another patient, and judge it anew for them.

    `becomes` is the visit that it is from now on, often the same. What the rules found for the
    wrong patient stands no more. One durable transaction; raises as `moving.move` does.
    """
    with store.transaction():
        wrong = visits.get(store, visit_id).patient_id
        entries = retract.together(store, visit_id, wrong)
        moving.move(store, now, visit_id, patient_id, becomes, actor=actor)
        retract.move(store, now, entries, Holder(patient_id, becomes), actor=actor)
        record.leave_visit(store, visit_id, wrong)
        alerts.judge_note(store, now, becomes)
