"""Messages of clinicians to a clinic about a patient: replies, appointments, answers to alerts.

Every act (written, moved, taken back) is kept as a row of its own. The delivery state is computed,
never assumed: an item is on a box when that box has asked for what comes after it, and it is seen
when a worker's own journal entry says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from uuid_utils import uuid7

from edge.model.entry import canonical_json
from edge.model.feed_item import Entity, Item
from hospital.archive import Archive, Row, row, scalar
from hospital.archive.errors import HospitalError, RowRefused
from hospital.entries import facts
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.patients import master_index, to_settle, withheld

APART = (Entity.ALERT, Entity.ESCALATION, Entity.REFERRAL)
"""Answers to what one clinic sent: they go to that clinic alone."""

LONGEST_TEXT = 2_000
LONGEST_PURPOSE = 200


@dataclass(frozen=True, slots=True)
class ReadMark:
    """A worker has seen an item: who (as the clinic calls them) and when, Unix milliseconds."""

    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How far an item is on its way to one clinic: on `reached` of its `boxes`, seen by whom."""

    clinic: str
    boxes: int
    reached: int
    seen: tuple[ReadMark, ...] = ()

    @property
    def state(self) -> str:
        """Return "seen", "reached", "partly" or "waiting"."""
        if self.seen:
            return "seen"
        if self.reached:
            return "reached" if self.reached == self.boxes else "partly"
        return "waiting"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One item as it was sent last; `gone`: it was taken back. `body` is what boxes receive."""

    entity: str
    id: str
    rev: int
    patient: str
    body: Mapping[str, object]
    gone: bool
    account: str
    at_ms: int
    ways: tuple[DeliveryState, ...] = ()

    @property
    def text(self) -> str:
        """The text of a reply, the purpose of an appointment, or the note about an alert."""
        return str(self.body.get("text") or self.body.get("what") or self.body.get("note") or "")

    @property
    def when(self) -> datetime | None:
        """When an appointment is, in the hospital's local time."""
        text = self.body.get("when")
        return datetime.fromisoformat(text) if isinstance(text, str) else None


def reply(archive: Archive, patient_id: str, text: str, account: str, now_ms: int) -> str:
    """Answer the clinics of a patient; return the reply's id. Raises `HospitalError`."""
    body = {"text": _text(text)}
    return _begin(archive, Entity.REPLY, patient_id, body, account, now_ms)


def appoint(
    archive: Archive, patient_id: str, when: datetime, what: str, account: str, now_ms: int
) -> str:
    """Make an appointment (local time of the hospital, to the minute); return its id."""
    body = _appointment(when, what)
    return _begin(archive, Entity.APPOINTMENT, patient_id, body, account, now_ms)


def move(
    archive: Archive, item_id: str, when: datetime, what: str, account: str, now_ms: int
) -> None:
    """Move an appointment; raises `HospitalError` when there is none or it was taken back."""
    with archive.transaction():
        message = _newest(archive, Entity.APPOINTMENT, item_id)
        moved = replace(message, rev=message.rev + 1, account=account, at_ms=now_ms)
        body = {**message.body, **_appointment(when, what), "by": account, "at_ms": now_ms}
        send(archive, replace(moved, body=body))


def take_back(archive: Archive, entity: Entity, item_id: str, account: str, now_ms: int) -> None:
    """Take an appointment or a reply back; raises `HospitalError` when it is not there."""
    with archive.transaction():
        message = _newest(archive, entity, item_id)
        withdrawn = replace(message, rev=message.rev + 1, account=account, at_ms=now_ms)
        send(archive, replace(withdrawn, gone=True))


def send(archive: Archive, message: SentMessage, clinics: Iterable[str] | None = None) -> None:
    """Keep an act and send it to the patient's clinics (or others); in the caller's transaction."""
    if message.entity == Entity.APPOINTMENT:
        to_settle.note(archive, [message.patient])
    archive.execute(
        "INSERT INTO told (entity, id, rev, patient, body, gone, account, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message.entity,
            message.id,
            message.rev,
            message.patient,
            canonical_json(message.body).decode("utf-8"),
        )
        + (int(message.gone), message.account, message.at_ms),
    )
    known = (
        master_index.clinics(archive, message.patient) if clinics is None else sorted(set(clinics))
    )
    for clinic in known:
        _put_in_feed(archive, clinic, message)


def send_current(archive: Archive, patient_id: str, clinic: str) -> None:
    """Send the current messages about a patient to a clinic that is new to it; in a transaction."""
    for message in _latest(archive, [patient_id]):
        if not message.gone and message.entity not in APART:
            _put_in_feed(archive, clinic, message)


def withdraw(archive: Archive, patient_id: str, clinic: str) -> None:
    """Remove the messages about a patient from a clinic's feed; inside a transaction."""
    for message in _latest(archive, [patient_id]):
        if message.entity not in APART:
            feed.remove(archive, clinic, message.entity, message.id)


def mark_seen(archive: Archive, origin: master_index.EditOrigin, fact: facts.SeenFact) -> None:
    """Store that a worker has seen an item; a repeat changes nothing. In a transaction.

    Raises `RowRefused` when it was never sent to that clinic.
    """
    clinic = origin.box.clinic
    other = row(
        archive,
        "SELECT patient FROM told t WHERE entity = ? AND id = ? AND NOT EXISTS (SELECT 1"
        " FROM feed f WHERE f.clinic = ? AND f.entity = t.entity AND f.id = t.id)"
        " ORDER BY number DESC LIMIT 1",
        (fact.entity, fact.item, clinic),
    )
    if other and withheld.unknown_to(archive, clinic, {other["patient"]}):
        raise RowRefused(f"item {fact.item} was not sent to this clinic")
    at_ms = master_index.corrected(archive, origin, fact.at)
    archive.execute(
        "INSERT INTO seen (entity, id, rev, box, clinic, actor, at_ms, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (fact.entity, fact.item, fact.rev, origin.box.id, origin.box.clinic, fact.actor)
        + (at_ms, origin.received_ms),
    )


def about(archive: Archive, patient_ids: Sequence[str]) -> list[SentMessage]:
    """Return the messages about one person, under whichever records, newest first.

    Answers to alerts and referrals stand with these (`APART`), not here.
    """
    latest = [message for message in _latest(archive, patient_ids) if message.entity not in APART]
    return [
        _with_delivery(archive, message)
        for message in sorted(latest, key=lambda message: -message.at_ms)
    ]


def acts(archive: Archive, entity: str, item_id: str) -> list[SentMessage]:
    """Return all that was done with one item, oldest first; the last one with its delivery."""
    sql = "SELECT * FROM told WHERE entity = ? AND id = ? ORDER BY number"
    found = [_message(r) for r in archive.rows(sql, (entity, item_id))]
    return [*found[:-1], *(_with_delivery(archive, message) for message in found[-1:])]


def of_alert(archive: Archive, alert_id: str) -> SentMessage | None:
    """Return the answer to an alert with its delivery, None when there is none."""
    found = acts(archive, Entity.ALERT, alert_id)
    return found[-1] if found else None


# --- sending ------------------------------------------------------------------------------------


def _begin(
    archive: Archive,
    entity: Entity,
    patient_id: str,
    body: Mapping[str, str],
    account: str,
    now_ms: int,
) -> str:
    item_id = str(uuid7())
    content: dict[str, object] = {"patient": patient_id, "by": account, "at_ms": now_ms, **body}
    with archive.transaction():
        if row(archive, "SELECT id FROM patient WHERE id = ?", (patient_id,)) is None:
            raise HospitalError(f"no patient {patient_id}")
        send(archive, SentMessage(entity, item_id, 1, patient_id, content, False, account, now_ms))
    return item_id


def _put_in_feed(archive: Archive, clinic: str, message: SentMessage) -> None:
    if message.gone:
        feed.remove(archive, clinic, message.entity, message.id)
    else:
        feed.put(
            archive, clinic, Item(Entity(message.entity), message.id, message.rev, message.body)
        )


def _newest(archive: Archive, entity: Entity, item_id: str) -> SentMessage:
    newest = row(
        archive,
        "SELECT * FROM told WHERE entity = ? AND id = ? ORDER BY number DESC LIMIT 1",
        (entity.value, item_id),
    )
    if newest is None or newest["gone"]:
        raise HospitalError(f"no {entity} {item_id}")
    return _message(newest)


def _text(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text or len(text) > LONGEST_TEXT:
        raise HospitalError(f"a reply is a text of at most {LONGEST_TEXT} characters")
    return text


def _appointment(when: datetime, what: str) -> dict[str, str]:
    purpose = what.replace("\x00", "").strip()[:LONGEST_PURPOSE]
    return {"when": when.strftime("%Y-%m-%dT%H:%M"), "what": purpose}


# --- delivery -----------------------------------------------------------------------------------


def _latest(archive: Archive, patient_ids: Sequence[str]) -> list[SentMessage]:
    marks = ", ".join("?" * len(patient_ids))
    rows = archive.rows(
        f"SELECT * FROM told WHERE patient IN ({marks}) ORDER BY number", list(patient_ids)
    )
    newest = {(r["entity"], r["id"]): r for r in rows}
    return [_message(r) for r in newest.values()]


def _message(r: Row) -> SentMessage:
    columns = r["entity"], r["id"], r["rev"], r["patient"], json.loads(r["body"]), bool(r["gone"])
    return SentMessage(*columns, r["account"], r["at_ms"])


def _with_delivery(archive: Archive, message: SentMessage) -> SentMessage:
    rows = archive.rows(
        "SELECT clinic, ver FROM feed WHERE entity = ? AND id = ? ORDER BY clinic",
        (message.entity, message.id),
    )
    return replace(message, ways=tuple(_delivery(archive, message, r) for r in rows))


def _delivery(archive: Archive, message: SentMessage, item: Row) -> DeliveryState:
    clinic = item["clinic"]
    count = "SELECT count(*) AS n FROM box b"
    there = " b.clinic = ? AND b.standing = ?"
    reached = scalar(
        archive,
        f"{count} JOIN feed_reader r ON r.box = b.id AND r.clinic = b.clinic"
        " JOIN feed_epoch e ON e.epoch = r.epoch"
        " JOIN hospital h ON h.generation = e.generation"
        f" WHERE {there} AND r.ver >= ?",
        (clinic, boxes.ACTIVE, item["ver"]),
    )
    total = scalar(archive, f"{count} WHERE {there}", (clinic, boxes.ACTIVE))
    return DeliveryState(
        clinic, total, reached, () if message.gone else _seen(archive, message, clinic)
    )


def _seen(archive: Archive, message: SentMessage, clinic: str) -> tuple[ReadMark, ...]:
    rows = archive.rows(
        "SELECT s.actor, s.at_ms, p.name FROM seen s"
        " LEFT JOIN staff p ON p.clinic = s.clinic AND p.id = s.actor"
        " WHERE s.entity = ? AND s.id = ? AND s.rev = ? AND s.clinic = ? ORDER BY s.at_ms",
        (message.entity, message.id, message.rev, clinic),
    )
    return tuple(ReadMark(r["name"] or r["actor"] or "", r["at_ms"]) for r in rows)
