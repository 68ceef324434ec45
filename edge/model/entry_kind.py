"""What a kind of journal entry is: its lane, the keys of its body, what the hospital does with it.

The kinds themselves stand in `edge.model.entry_kinds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.model.body_types import BodyField


class Lane(StrEnum):
    """The lanes of CS/1, most urgent first."""

    ALERT = "a"
    CLINICAL = "c"
    FILES = "f"
    TELEMETRY = "t"


class EntryKind(StrEnum):
    """What an entry tells."""

    READING = "reading"
    REJECTED = "rejected"
    CONTROL = "control"
    CLAIM = "claim"
    CONFIRM = "confirm"
    PATIENT = "patient"
    VISIT_OPENED = "visit-opened"
    VISIT_CLOSED = "visit-closed"
    ALERT = "alert"
    VIEW = "view"
    SIGN_IN = "sign-in"
    STAFF = "staff"
    DEVICE = "device"
    ADAPTER = "adapter"
    REQUEST = "request"
    BINDING = "binding"
    CLOCK = "clock"
    STORE_FINDING = "store-finding"
    EPOCH = "epoch"
    TOMBSTONE = "tombstone"
    COMMAND = "command"
    FILE = "file"
    SEEN = "seen"
    SETTING = "setting"
    VISIT_NOTE = "visit-note"
    VISIT_MOVED = "visit-moved"
    MEDICINE = "medicine"
    TAKEN_BACK = "taken-back"
    PROGRAMME = "programme"
    APPOINTMENT = "appointment"
    CALL = "call"
    IMMUNIZATION = "immunization"
    FRIDGE = "fridge"
    STOCK = "stock"
    REFERRAL = "referral"
    NOTIFICATION = "notification"
    DANGER = "danger"
    MEASURED = "measured"
    MONTH = "month"
    ASSESSMENT = "assessment"
    RULE = "rule"


class AtHospital(StrEnum):
    """What the hospital does with a record of a kind."""

    APPLIED = "applied"
    """It is kept, and a function of `hospital.receiving.handlers` enters it into tables."""
    KEPT = "kept"
    """It is kept as a record and nothing more."""


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of entry.

    `subject` is the key of the body that names the person whose key would seal the personal
    fields (docs/decisions/0011-erasing-a-person.md); an entry without that key would be sealed
    under a key of its own.
    """

    kind: EntryKind
    says: str
    body: tuple[BodyField, ...]
    at_hospital: AtHospital
    subject: str | None = None
    lane: Lane = Lane.CLINICAL

    @property
    def personal(self) -> tuple[str, ...]:
        """The keys of the body that would be sealed."""
        return tuple(field.name for field in self.body if field.personal)
