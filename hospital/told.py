"""What clinicians tell a clinic about a patient: replies and appointments, through its feed."""

from __future__ import annotations

from datetime import datetime

from uuid_utils import uuid7

from edge.feed_item import Entity, Item
from hospital import feed
from hospital.archive import Archive, row
from hospital.errors import HospitalError

LONGEST_TEXT = 2_000


def reply(archive: Archive, patient_id: str, text: str, account: str, now_ms: int) -> str:
    """Answer the clinic of a patient; return the reply's id. Raises `HospitalError`."""
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise HospitalError(f"a reply is a text of at most {LONGEST_TEXT} characters")
    return _tell(archive, Entity.REPLY, patient_id, {"text": text}, account, now_ms)


def appoint(
    archive: Archive, patient_id: str, when: datetime, what: str, account: str, now_ms: int
) -> str:
    """Make an appointment (local time of the hospital, to the minute); return its id."""
    body = {"when": when.strftime("%Y-%m-%dT%H:%M"), "what": what.strip()[:LONGEST_TEXT]}
    return _tell(archive, Entity.APPOINTMENT, patient_id, body, account, now_ms)


def take_back(archive: Archive, patient_id: str, entity: Entity, item_id: str) -> None:
    """Take an appointment or a reply back; raises `HospitalError` when it is not there."""
    with archive.transaction():
        clinic = _clinic(archive, patient_id)
        if feed.remove(archive, clinic, entity, item_id) is None:
            raise HospitalError(f"no {entity} {item_id}")


def _tell(
    archive: Archive,
    entity: Entity,
    patient_id: str,
    body: dict[str, str],
    account: str,
    now_ms: int,
) -> str:
    item_id = str(uuid7())
    told: dict[str, object] = {"patient": patient_id, "by": account, "at_ms": now_ms}
    with archive.transaction():
        clinic = _clinic(archive, patient_id)
        feed.put(archive, clinic, Item(entity, item_id, 1, told | body))
    return item_id


def _clinic(archive: Archive, patient_id: str) -> str:
    found = row(archive, "SELECT clinic FROM patient WHERE id = ?", (patient_id,))
    if found is None:
        raise HospitalError(f"no patient {patient_id}")
    return str(found["clinic"])
