"""What clinicians tell a clinic about a patient: replies, appointments and answers to alerts.

Every act (written, moved, taken back) is kept as a row of its own. What is known of its way is
computed, never assumed: an item is on a box when that box has asked for what comes after it, and
it is seen when a worker's own journal entry says so.
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
from hospital.archive.errors import HospitalError
from hospital.entries import facts
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.patients import master_index

LONGEST_TEXT = 2_000
LONGEST_PURPOSE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker has seen an item: who (as the clinic calls them) and when, Unix milliseconds."""

    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Way:
    """How far an item is on its way to one clinic: on `reached` of its `boxes`, seen by whom.

    `is_told` is False when the clinic never was to know of it.
    """

    clinic: str
    boxes: int
    reached: int
    seen: tuple[Seen, ...] = ()

    @property
    def state(self) -> str:
        """Return "seen", "reached", "partly" or "waiting"."""
        if self.seen:
            return "seen"
        if self.reached:
            return "reached" if self.reached == self.boxes else "partly"
        return "waiting"


@dataclass(frozen=True, slots=True)
class Told:
    """One item as it was told last; `gone`: it was taken back. `body` is what boxes are told."""

    entity: str
    id: str
    rev: int
    patient: str
    body: Mapping[str, object]
    gone: bool
    account: str
    at_ms: int
    ways: tuple[Way, ...] = ()

    @property
    def text(self) -> str:
        """What is said: a reply's text, an appointment's purpose, a note about an alert."""
        return str(self.body.get("text") or self.body.get("what") or self.body.get("note") or "")

    @property
    def when(self) -> datetime | None:
        """When an appointment is, in the hospital's local time."""
        said = self.body.get("when")
        return datetime.fromisoformat(said) if isinstance(said, str) else None


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
        held = _standing(archive, Entity.APPOINTMENT, item_id)
        act = replace(held, rev=held.rev + 1, account=account, at_ms=now_ms)
        said = {**held.body, **_appointment(when, what), "by": account, "at_ms": now_ms}
        say(archive, replace(act, body=said))


def take_back(archive: Archive, entity: Entity, item_id: str, account: str, now_ms: int) -> None:
    """Take an appointment or a reply back; raises `HospitalError` when it is not there."""
    with archive.transaction():
        held = _standing(archive, entity, item_id)
        said = replace(held, rev=held.rev + 1, account=account, at_ms=now_ms)
        say(archive, replace(said, gone=True))


def say(archive: Archive, told: Told, clinics: Iterable[str] | None = None) -> None:
    """Keep an act and tell the patient's clinics (or others); inside the caller's transaction."""
    archive.execute(
        "INSERT INTO told (entity, id, rev, patient, body, gone, account, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (told.entity, told.id, told.rev, told.patient, canonical_json(told.body).decode("utf-8"))
        + (int(told.gone), told.account, told.at_ms),
    )
    known = master_index.clinics(archive, told.patient) if clinics is None else sorted(set(clinics))
    for clinic in known:
        _send(archive, clinic, told)


def spread(archive: Archive, patient_id: str, clinic: str) -> None:
    """Tell a clinic what stands about a patient whom it now knows, too; in a transaction."""
    for told in _latest(archive, [patient_id]):
        if not told.gone and told.entity != Entity.ALERT:
            _send(archive, clinic, told)


def withdraw(archive: Archive, patient_id: str, clinic: str) -> None:
    """Take back from a clinic what it was told of a patient; inside a transaction."""
    for told in _latest(archive, [patient_id]):
        if told.entity != Entity.ALERT:
            feed.remove(archive, clinic, told.entity, told.id)


def hear(archive: Archive, heard: master_index.Heard, fact: facts.SeenFact) -> None:
    """Take in that a worker has seen something; a repeat changes nothing. In a transaction."""
    at_ms = master_index.corrected(archive, heard, fact.at)
    archive.execute(
        "INSERT INTO seen (entity, id, rev, box, clinic, actor, at_ms, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (fact.entity, fact.item, fact.rev, heard.box.id, heard.box.clinic, fact.actor)
        + (at_ms, heard.received_ms),
    )


def about(archive: Archive, patient_ids: Sequence[str]) -> list[Told]:
    """Return what was told about one person, under whichever records, newest first.

    Answers to alerts stand with their alerts (`of_alerts`), not here.
    """
    found = [t for t in _latest(archive, patient_ids) if t.entity != Entity.ALERT]
    return [_with_ways(archive, t) for t in sorted(found, key=lambda t: -t.at_ms)]


def acts(archive: Archive, entity: str, item_id: str) -> list[Told]:
    """Return all that was done with one item, oldest first; the last one with its ways."""
    sql = "SELECT * FROM told WHERE entity = ? AND id = ? ORDER BY number"
    found = [_told(r) for r in archive.rows(sql, (entity, item_id))]
    return [*found[:-1], *(_with_ways(archive, t) for t in found[-1:])]


def of_alert(archive: Archive, alert_id: str) -> Told | None:
    """Return the answer to an alert with its ways, None when there is none."""
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
    said: dict[str, object] = {"patient": patient_id, "by": account, "at_ms": now_ms, **body}
    with archive.transaction():
        if row(archive, "SELECT id FROM patient WHERE id = ?", (patient_id,)) is None:
            raise HospitalError(f"no patient {patient_id}")
        say(archive, Told(entity, item_id, 1, patient_id, said, False, account, now_ms))
    return item_id


def _send(archive: Archive, clinic: str, told: Told) -> None:
    if told.gone:
        feed.remove(archive, clinic, told.entity, told.id)
    else:
        feed.put(archive, clinic, Item(Entity(told.entity), told.id, told.rev, told.body))


def _standing(archive: Archive, entity: Entity, item_id: str) -> Told:
    held = row(
        archive,
        "SELECT * FROM told WHERE entity = ? AND id = ? ORDER BY number DESC LIMIT 1",
        (entity.value, item_id),
    )
    if held is None or held["gone"]:
        raise HospitalError(f"no {entity} {item_id}")
    return _told(held)


def _text(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text or len(text) > LONGEST_TEXT:
        raise HospitalError(f"a reply is a text of at most {LONGEST_TEXT} characters")
    return text


def _appointment(when: datetime, what: str) -> dict[str, str]:
    purpose = what.replace("\x00", "").strip()[:LONGEST_PURPOSE]
    return {"when": when.strftime("%Y-%m-%dT%H:%M"), "what": purpose}


# --- what is known of it ------------------------------------------------------------------------


def _latest(archive: Archive, patient_ids: Sequence[str]) -> list[Told]:
    marks = ", ".join("?" * len(patient_ids))
    rows = archive.rows(
        f"SELECT * FROM told WHERE patient IN ({marks}) ORDER BY number", list(patient_ids)
    )
    newest = {(r["entity"], r["id"]): r for r in rows}
    return [_told(r) for r in newest.values()]


def _told(r: Row) -> Told:
    said = r["entity"], r["id"], r["rev"], r["patient"], json.loads(r["body"]), bool(r["gone"])
    return Told(*said, r["account"], r["at_ms"])


def _with_ways(archive: Archive, told: Told) -> Told:
    rows = archive.rows(
        "SELECT clinic, ver FROM feed WHERE entity = ? AND id = ? ORDER BY clinic",
        (told.entity, told.id),
    )
    return replace(told, ways=tuple(_way(archive, told, r) for r in rows))


def _way(archive: Archive, told: Told, told_to: Row) -> Way:
    clinic = told_to["clinic"]
    count = "SELECT count(*) AS n FROM box b"
    there = " b.clinic = ? AND b.standing = ?"
    reached = scalar(
        archive,
        f"{count} JOIN feed_reader r ON r.box = b.id AND r.clinic = b.clinic"
        " JOIN feed_epoch e ON e.epoch = r.epoch"
        " JOIN hospital h ON h.generation = e.generation"
        f" WHERE {there} AND r.ver >= ?",
        (clinic, boxes.ACTIVE, told_to["ver"]),
    )
    total = scalar(archive, f"{count} WHERE {there}", (clinic, boxes.ACTIVE))
    return Way(clinic, total, reached, () if told.gone else _seen(archive, told, clinic))


def _seen(archive: Archive, told: Told, clinic: str) -> tuple[Seen, ...]:
    rows = archive.rows(
        "SELECT s.actor, s.at_ms, p.name FROM seen s"
        " LEFT JOIN staff p ON p.clinic = s.clinic AND p.id = s.actor"
        " WHERE s.entity = ? AND s.id = ? AND s.rev = ? AND s.clinic = ? ORDER BY s.at_ms",
        (told.entity, told.id, told.rev, clinic),
    )
    return tuple(Seen(r["name"] or r["actor"] or "", r["at_ms"]) for r in rows)
