"""What the hospital says stands on the patient's pages: replies, appointments, edits under way."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk

from edge.feed import replica
from edge.model.clock import Clock
from edge.model.feed_item import Change, Cursor
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import visits

ZAHRA = "0190-zahra"
TOLD = {"patient": ZAHRA, "by": "Dr Aziz", "at_ms": 1_795_000_000_000}


def tell(store: Store, ver: int, entity: str, item_id: str, body: dict[str, object] | None) -> None:
    replica.apply(
        store, [Change(ver, entity, item_id, ver, body)], Cursor(1, ver), (1, {"c": 10_000})
    )


@pytest.fixture
def zahra(store: Store) -> str:
    tell(store, 1, "patient", ZAHRA, {"name": "Zahra Baloch", "sex": "female"})
    return ZAHRA


def test_a_patient_of_the_feed_is_found_and_opens(desk: Desk, zahra: str) -> None:
    assert "Zahra Baloch" in desk.get("/patients/found", q="zara")
    assert "From the hospital" not in desk.get(f"/patients/{zahra}/history")


def test_replies_and_appointments_are_shown_and_escaped(
    desk: Desk, store: Store, zahra: str
) -> None:
    tell(store, 2, "reply", "r1", TOLD | {"text": "Twice a day <b>with food</b>"})
    tell(store, 3, "appointment", "a1", TOLD | {"when": "2026-12-03T09:30", "what": "Eye clinic"})
    page = desk.get(f"/patients/{zahra}/history")
    assert "Twice a day &lt;b&gt;with food" in page
    assert "Dr Aziz" in page
    assert "09:30" in page
    assert "Eye clinic" in page
    tell(store, 4, "reply", "r1", None)
    assert "Twice a day" not in desk.get(f"/patients/{zahra}/history")


def test_an_edit_is_pending_until_the_feed_reflects_it(
    desk: Desk, store: Store, clock: Clock, zahra: str
) -> None:
    register.correct(store, clock.now(), zahra, {"village": "Mithi"}, None)
    assert "waits for the hospital" in desk.get(f"/patients/{zahra}/history")
    body = {"name": "Zahra Baloch", "sex": "female", "village": "Mithi"}
    tell(store, 2, "patient", zahra, body)
    page = desk.get(f"/patients/{zahra}/history")
    assert "waits for the hospital" not in page
    assert "Mithi" in page


def test_a_dispute_is_said_in_plain_words(desk: Desk, store: Store, zahra: str) -> None:
    told = {"name": "Zahra", "birth": "1948", "review": {"birth": ["1948", "1984"]}}
    tell(store, 2, "patient", zahra, told)
    page = desk.get(f"/patients/{zahra}/history")
    assert "the hospital decides" in page
    assert "1984" in page


def test_a_registration_waits_on_the_history_page_alone(
    desk: Desk, store: Store, clock: Clock
) -> None:
    new = register.register(store, clock.now(), PatientForm("Imran", age="54"), None)
    assert "waits for the hospital" in desk.get(f"/patients/{new.id}/history")
    visit = visits.open_visit(store, clock.now(), new.id, actor=None)
    assert "waits for the hospital" not in desk.get(f"/visits/{visit.id}")


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [
        ("medicines", ["Metformin"], "Told to the hospital; the doctor decides"),
        ("allergies", ["Milk"], "To be struck out; the doctor decides"),
        ("name", ["Zahra", "Zara"], "Two people wrote it differently"),
    ],
)
def test_a_proposal_of_ones_own_contradicts_nobody(
    desk: Desk, store: Store, zahra: str, field: str, values: list[str], words: str
) -> None:
    tell(store, 2, "patient", ZAHRA, {"name": "Zahra Baloch", "review": {field: values}})
    page = desk.get(f"/patients/{zahra}/history")
    assert words in page
    assert ("wrote it differently" in page) == (field == "name")
