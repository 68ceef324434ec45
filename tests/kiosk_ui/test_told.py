"""What the hospital told, at the kiosk: unread and coming in one list, read where it is shown."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from kiosk_desk import Desk

from edge.feed import messages, replica
from edge.model.clock import Clock
from edge.model.entry import EntryKind
from edge.model.feed_item import Change, Cursor
from edge.store import journal
from edge.store.store import Store

ZAHRA = "0190-zahra"
TOLD = {"patient": ZAHRA, "by": "Dr Aziz", "at_ms": 1_795_000_000_000}


def tell(store: Store, ver: int, entity: str, item_id: str, body: dict[str, object] | None) -> None:
    replica.apply(store, [Change(ver, entity, item_id, ver, body)], Cursor(1, ver))


@pytest.fixture(autouse=True)
def _zahra(store: Store) -> None:
    tell(store, 1, "patient", ZAHRA, {"name": "Zahra <b>Baloch", "sex": "female"})


def test_the_list_names_the_patient_and_the_badge_counts(desk: Desk, store: Store) -> None:
    assert 'id="unread-badge"' not in desk.get("/patients")
    tell(store, 2, "reply", "r1", TOLD | {"text": "Rest <i>well"})
    tell(store, 3, "reply", "r2", TOLD | {"patient": "not here", "text": "Drink"})
    page = desk.get("/hospital")
    assert "Zahra &lt;b&gt;Baloch" in page
    assert "Rest &lt;i&gt;well" in page
    assert "Drink" in page
    assert re.search(r'id="unread-badge">.*?2<', desk.get("/patients"))


def test_reading_is_kept_by_name_and_clears_the_badge(desk: Desk, store: Store) -> None:
    tell(store, 2, "reply", "r1", TOLD | {"text": "Rest"})
    path = f"/patients/{ZAHRA}/history"
    assert "I have read this" in desk.get(path)
    answer = desk.post("/hospital/seen", item="reply/r1/2", patient=ZAHRA)
    assert answer.headers["Location"].endswith(path)
    page = desk.get(path)
    assert "I have read this" not in page
    assert "read by <bdi>Sana Malik</bdi>" in page
    assert messages.count_unread(store) == 0
    [entry] = [e for _, e in journal.since(store, 0) if e.kind == EntryKind.SEEN]
    assert entry.body["item"] == "r1"


def test_what_came_after_the_page_was_shown_stays_unread(desk: Desk, store: Store) -> None:
    tell(store, 2, "reply", "r1", TOLD | {"text": "Rest"})
    tell(store, 3, "reply", "r1", TOLD | {"text": "Do not rest"})
    desk.post("/hospital/seen", item="reply/r1/2")
    assert messages.count_unread(store) == 1


def test_nobody_reads_without_signing_in(desk: Desk, store: Store) -> None:
    tell(store, 2, "reply", "r1", TOLD | {"text": "Rest"})
    desk.post("/sign-out")
    assert "Rest" not in desk.get("/hospital")
    assert "Rest" not in desk.get("/hospital/live")
    desk.post("/hospital/seen", item="reply/r1/2")
    assert messages.count_unread(store) == 1


def test_an_answer_to_an_alert_says_who_and_what(desk: Desk, store: Store) -> None:
    tell(store, 2, "alert", "a1", TOLD | {"state": "seen"})
    assert "Dr Aziz</bdi> has seen the alert" in desk.get(f"/patients/{ZAHRA}/history")
    tell(store, 3, "alert", "a1", TOLD | {"state": "handled", "note": "Send her now"})
    page = desk.get("/hospital")
    assert "The alert is handled by" in page
    assert "Send her now" in page


def test_appointments_of_the_next_days_stay_listed_when_read(
    desk: Desk, store: Store, clock: Clock
) -> None:
    day = clock.now().wall.astimezone().date() + timedelta(days=2)
    when = f"{day.isoformat()}T09:30"
    tell(store, 2, "appointment", "a1", TOLD | {"when": when, "what": "Eye clinic"})
    desk.post("/hospital/seen", item="appointment/a1/2")
    page = desk.get("/hospital")
    assert "Everything is read." in page
    assert "Eye clinic" in page


def test_a_new_reply_appears_by_itself_during_a_visit(desk: Desk, store: Store) -> None:
    path = desk.post(f"/patients/{ZAHRA}/visit").headers["Location"]
    assert "From the hospital</h2>" not in desk.get(path)
    live = desk.client.get("/hospital/live", query_string={"patient": ZAHRA, "brief": "yes"})
    tell(store, 2, "reply", "r1", TOLD | {"text": "Rest"})
    again = desk.client.get(
        "/hospital/live",
        query_string={"patient": ZAHRA, "brief": "yes"},
        headers={"If-None-Match": live.headers["ETag"]},
    )
    assert "Rest" in again.text
