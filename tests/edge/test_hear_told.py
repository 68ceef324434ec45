"""What the hospital told: unread until a worker has read exactly this, and that goes up."""

from __future__ import annotations

from datetime import date

import pytest

from edge.feed import messages, replica
from edge.model.clock import Clock
from edge.model.entry import EntryKind
from edge.model.feed_item import Change, Cursor
from edge.store import journal
from edge.store.store import Store

ABOUT = {"patient": "p1", "by": "Dr Aziz", "at_ms": 1_795_000_000_000}


def tell(store: Store, ver: int, entity: str, item_id: str, body: dict[str, object] | None) -> None:
    replica.apply(store, [Change(ver, entity, item_id, ver, body)], Cursor(1, ver))


def seen(store: Store) -> list[dict[str, object]]:
    entries = [entry for _, entry in journal.since(store, 0)]
    return [dict(e.body) | {"by": e.actor} for e in entries if e.kind == EntryKind.SEEN]


def test_what_is_read_is_journalled_once_and_a_new_revision_is_unread(
    store: Store, clock: Clock
) -> None:
    tell(store, 1, "reply", "r1", ABOUT | {"text": "Rest"})
    [one] = messages.unread(store)
    assert (one.key, one.text, one.seen_by) == ("reply/r1/1", "Rest", None)
    assert messages.note_seen(store, clock.now(), [one.key, one.key], "w1") == 1
    assert messages.note_seen(store, clock.now(), [one.key], "w2") == 0
    assert messages.count_unread(store) == 0
    assert messages.replies(store, "p1")[0].seen_by == "w1"
    assert seen(store) == [
        {"entity": "reply", "item": "r1", "rev": 1, "patient": "p1", "by": "w1"}]  # fmt: skip
    tell(store, 2, "reply", "r1", ABOUT | {"text": "Rest, and drink"})
    assert messages.note_seen(store, clock.now(), ["reply/r1/1"], "w1") == 0
    assert [o.text for o in messages.unread(store)] == ["Rest, and drink"]


@pytest.mark.parametrize("key", ["", "/", "reply", "reply/r1", "reply/r1/x", "patient/p1/1", "//1"])
def test_a_key_that_names_nothing_unread_changes_nothing(
    store: Store, clock: Clock, key: str
) -> None:
    tell(store, 1, "patient", "p1", {"name": "Zahra", "sex": "female"})
    tell(store, 2, "reply", "r1", ABOUT | {"text": "Rest"})
    assert messages.note_seen(store, clock.now(), [key], "w1") == 0
    assert seen(store) == []


def test_appointments_of_the_next_days_are_listed_soonest_first(store: Store) -> None:
    days = {"a1": "2026-12-03T09:30", "a2": "2026-12-03T08:00", "a3": "2026-12-20T08:00",
            "a4": "2026-11-30T08:00", "a5": "some day", "a6": "2026-12-04T08:00+05:00"}  # fmt: skip
    for ver, (item, when) in enumerate(days.items(), start=1):
        tell(store, ver, "appointment", item, ABOUT | {"when": when, "what": "Eyes"})
    assert [a.id for a in messages.coming(store, date(2026, 12, 1))] == ["a2", "a1", "a6"]
    assert [a.id for a in messages.appointments(store, "p1")] == ["a4", "a2", "a1", "a6", "a3"]


def test_a_linked_record_shows_what_was_told_about_the_other(store: Store) -> None:
    tell(store, 1, "patient", "p1", {"name": "Zahra", "sex": "female"})
    tell(store, 2, "patient", "p2", {"name": "Zahra B", "sex": "female", "replaced_by": "p1"})
    tell(store, 3, "reply", "r1", ABOUT | {"patient": "p2", "text": "Rest"})
    assert [r.id for r in messages.replies(store, "p1")] == ["r1"]
    assert [r.id for r in messages.replies(store, "p2")] == ["r1"]
    tell(store, 4, "patient", "p2", {"name": "Zahra B", "sex": "female"})
    assert messages.replies(store, "p1") == []


def test_an_answer_to_an_alert_says_its_state(store: Store) -> None:
    body = ABOUT | {"state": "handled", "note": "Ambulance is on its way"}
    tell(store, 1, "alert", "a-1", body)
    [one] = messages.answers(store, "p1")
    assert (one.state, one.text, one.by) == ("handled", "Ambulance is on its way", "Dr Aziz")
