"""Messages of the hospital about patients: replies, appointments, answers to alerts and referrals.

All of it comes with the feed. That a worker has seen an item is a journal entry, which goes up: the
hospital says "seen" of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from edge.feed import replica
from edge.model.clock import Stamp
from edge.model.entry import Body, EntryKind
from edge.model.feed_item import Entity, Item, text_of
from edge.patients import edits, life_status
from edge.store import journal
from edge.store.store import Row, Store

KINDS = (Entity.REPLY, Entity.APPOINTMENT, Entity.ALERT, Entity.REFERRAL)
COMING_DAYS = 7
LISTED = 100
"""So many unread items are listed, the newest; the count is of all."""

_TEXTS = ("text", "what", "note", "todo", "findings")
"""Which part of an item's body is shown first, by kind."""

_KINDS = ", ".join(f"'{kind.value}'" for kind in KINDS)
_UNSEEN = (
    f" FROM feed_item f WHERE f.entity IN ({_KINDS})"
    " AND NOT EXISTS (SELECT 1 FROM seen s"
    " WHERE s.entity = f.entity AND s.id = f.id AND s.rev = f.rev)"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the hospital; `at_ms` is Unix milliseconds by the hospital's clock.

    `when` is an appointment's, in the hospital's local time. `state` is that of an alert: "seen" or
    "handled". `seen_by` is the id of the worker who read it here, None while nobody has.
    """

    entity: str
    id: str
    rev: int
    patient: str | None
    text: str
    by: str
    at_ms: int
    when: datetime | None = None
    state: str | None = None
    seen_by: str | None = None

    @property
    def key(self) -> str:
        """Names exactly this revision, as a form sends it."""
        return f"{self.entity}/{self.id}/{self.rev}"


def replies(store: Store, patient_id: str) -> list[Message]:
    """Return the replies about a person, newest first."""
    return _newest(_about(store, Entity.REPLY, patient_id))


def answers(store: Store, patient_id: str) -> list[Message]:
    """Return what clinicians did about a person's alerts, newest first."""
    return _newest(_about(store, Entity.ALERT, patient_id))


def appointments(store: Store, patient_id: str) -> list[Message]:
    """Return a person's appointments, the soonest first; one without a time is left out."""
    return _soonest(_about(store, Entity.APPOINTMENT, patient_id))


def of_referral(store: Store, referral_id: str) -> tuple[Message, Body] | None:
    """Return the answer to a referral and its body, None while there is none."""
    found = store.row(
        "SELECT entity, id, rev, body FROM feed_item WHERE entity = ? AND id = ?",
        (Entity.REFERRAL.value, referral_id),
    )
    item = None if found is None else replica.item_of(found)
    return None if item is None else (_message(store, item), item.body)


def coming(store: Store, today: date) -> list[Message]:
    """Return the appointments from today on, for a week; of nobody who has died or moved away."""
    found = _soonest(_message(store, i) for i in replica.items(store, Entity.APPOINTMENT))
    last = today + timedelta(days=COMING_DAYS)
    due = [message for message in found if message.when and today <= message.when.date() <= last]
    return [
        message
        for message in due
        if message.patient is None or life_status.is_here(store, message.patient)
    ]


def unread(store: Store) -> list[Message]:
    """Return what nobody here has seen yet, newest first."""
    columns = "SELECT f.entity, f.id, f.rev, f.body"
    order = " ORDER BY json_extract(f.body, '$.at_ms') DESC, f.id LIMIT ?"
    rows = store.rows(f"{columns}{_UNSEEN}{order}", (LISTED,))
    return [_message(store, replica.item_of(row)) for row in rows]


def count_unread(store: Store) -> int:
    """Return how much nobody here has seen yet."""
    return store.scalar(f"SELECT count(*){_UNSEEN}")


def note_seen(store: Store, now: Stamp, keys: Iterable[str], actor: str) -> int:
    """Keep that a worker has seen items; return how many of them were new.

    `keys` are those of what was on the screen (`Message.key`): what came meanwhile stays unread.
    """
    with store.transaction():
        return sum(_note(store, now, key, actor) for key in set(keys))


def _note(store: Store, now: Stamp, key: str, actor: str) -> bool:
    name, _, rev = key.rpartition("/")
    entity, _, item_id = name.partition("/")
    row = store.row(
        f"SELECT f.entity, f.id, f.rev, f.body{_UNSEEN} AND f.entity = ? AND f.id = ?",
        (entity, item_id),
    )
    if row is None or str(row["rev"]) != rev:
        return False
    item = replica.item_of(row)
    body: dict[str, object] = {"entity": item.entity, "item": item.id, "rev": item.rev}
    if patient := text_of(item.body, "patient"):
        body["patient"] = patient
    journal.append(store, EntryKind.SEEN, now, body, actor=actor)
    store.execute(
        "INSERT INTO seen (entity, id, rev, actor, wall_ms) VALUES (?, ?, ?, ?, ?)",
        (item.entity, item.id, item.rev, actor, now.wall_ms),
    )
    return True


def _about(store: Store, kind: Entity, patient_id: str) -> list[Message]:
    ids = edits.one_person(store, patient_id)
    return [_message(store, item) for alias in ids for item in replica.items(store, kind, alias)]


def _newest(found: Iterable[Message]) -> list[Message]:
    return sorted(found, key=lambda message: (message.at_ms, message.id), reverse=True)


def _soonest(found: Iterable[Message]) -> list[Message]:
    dated = [(message.when, message.id, message) for message in found if message.when is not None]
    return [message for _, _, message in sorted(dated)]


def _message(store: Store, item: Item) -> Message:
    body, at_ms = item.body, item.body.get("at_ms")
    seen: Row | None = store.row(
        "SELECT actor FROM seen WHERE entity = ? AND id = ? AND rev = ?",
        (item.entity, item.id, item.rev),
    )
    return Message(
        item.entity,
        item.id,
        item.rev,
        text_of(body, "patient"),
        next((text for name in _TEXTS if (text := text_of(body, name))), ""),
        text_of(body, "by") or "",
        at_ms if isinstance(at_ms, int) else 0,
        _when(text_of(body, "when")),
        text_of(body, "state"),
        None if seen is None else seen["actor"] or "",
    )


def _when(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
