"""What the hospital tells about a patient: replies and appointments, as the feed brought them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge import feed
from edge.feed_item import Entity, Item, text_of
from edge.store import Store


@dataclass(frozen=True, slots=True)
class Reply:
    """A clinician's answer; `at_ms` is Unix milliseconds by the hospital's clock."""

    id: str
    text: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """When the patient is expected at the hospital, in its local time, and what for."""

    id: str
    when: datetime
    what: str


def replies(store: Store, patient_id: str) -> list[Reply]:
    """Return the replies about a patient, newest first."""
    found = [_reply(i) for i in feed.items(store, Entity.REPLY, patient_id)]
    return sorted(found, key=lambda r: (r.at_ms, r.id), reverse=True)


def appointments(store: Store, patient_id: str) -> list[Appointment]:
    """Return a patient's appointments, the soonest first; one without a time is left out."""
    found = [_appointment(i) for i in feed.items(store, Entity.APPOINTMENT, patient_id)]
    return sorted((a for a in found if a is not None), key=lambda a: (a.when, a.id))


def _reply(item: Item) -> Reply:
    at_ms = item.body.get("at_ms")
    said = text_of(item.body, "text") or "", text_of(item.body, "by") or ""
    return Reply(item.id, *said, at_ms if isinstance(at_ms, int) else 0)


def _appointment(item: Item) -> Appointment | None:
    try:
        when = datetime.fromisoformat(text_of(item.body, "when") or "")
    except ValueError:
        return None
    return Appointment(item.id, when, text_of(item.body, "what") or "")
