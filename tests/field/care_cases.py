"""Field cases about care over time: who has died, who missed an appointment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kiosk_desk import Desk

from edge.care import appointments, episodes
from edge.feed import replica
from edge.model.clock import Clock
from edge.model.feed_item import Change, Cursor
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store


def who_has_died_is_marked_and_on_no_list(desk: Desk, store: Store, clock: Clock) -> None:
    """FL28: the mark stands beside the name, in the search and on the record; no list has them."""
    zahra = register.register(store, clock.now(), PatientForm("Zahra", phone="03015550142"), "w1")
    today = clock.now().wall.astimezone().date()
    late = (today - timedelta(days=2)).isoformat()
    appointments.book(store, clock.now(), zahra.id, late, "w1")
    episodes.enrol(store, clock.now(), zahra.id, "diabetes", "w1", day="2026-01-05")
    told = {"patient": zahra.id, "when": f"{today.isoformat()}T09:00", "what": "Eyes"}
    replica.apply(store, [Change(1, "appointment", "a1", 1, told)], Cursor(1, 1))
    assert "Zahra" in desk.get("/due")
    desk.post(f"/patients/{zahra.id}/life-status", status="deceased", today="yes")
    for page in ("/patients/found", f"/patients/{zahra.id}/history"):
        assert "Died:" in desk.get(page, q="Zahra")
    for name in ("today", "week", "overdue", "later", "lost"):
        assert "Zahra" not in desk.get("/due", list=name), name
    assert "Eyes" not in desk.get("/hospital").split('id="coming"')[1]


def who_missed_an_appointment_is_on_a_list(desk: Desk, store: Store, clock: Clock) -> None:
    """FL34: the day after, and long after, with the telephone; also an appointment of the
    hospital."""
    today = clock.now().wall.astimezone().date()
    for days, name in ((1, "Zahra"), (200, "Sana")):
        form = PatientForm(name, phone=f"0301555{days:04}")
        person = register.register(store, clock.now(), form, "w1")
        day = (today - timedelta(days=days)).isoformat()
        told = {"patient": person.id, "when": f"{day}T09:00", "what": "Eyes"}
        change = Change(days, "appointment", f"a{days}", 1, told)
        replica.apply(store, [change], Cursor(1, days))
    page = desk.get("/due", list="overdue")
    for words in ("Zahra", "tel:03015550001", "Sana", "tel:03015550200", "At the hospital"):
        assert words in page, words


CASES: dict[str, Callable[..., None]] = {
    "FL28": who_has_died_is_marked_and_on_no_list,
    "FL34": who_missed_an_appointment_is_on_a_list,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
