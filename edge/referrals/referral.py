"""What a referral is: its words, when it is overdue, and what it knows of its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


class Urgency(StrEnum):
    """How urgent a referral is, most urgent first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SOON = "soon"
    ROUTINE = "routine"


class State(StrEnum):
    """What is known of a referral."""

    MADE = "made"
    ARRIVED = "arrived"
    NOT_ARRIVED = "not-arrived"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ENDED: Final = (State.CLOSED, State.CANCELLED)
"""States in which nobody waits for anything any more."""


class Transport(StrEnum):
    """How the patient goes."""

    AMBULANCE = "ambulance"
    VEHICLE = "vehicle"
    PUBLIC = "public"
    WALKING = "walking"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a referral ended; nothing else closes one."""

    TREATED = "treated"
    ADMITTED = "admitted"
    REFERRED_ON = "referred-on"
    REFUSED = "refused"
    NOT_NEEDED = "not-needed"
    LOST = "lost"
    DIED = "died"


ARRIVAL_MS: Final[Mapping[Urgency, int]] = {
    Urgency.EMERGENCY: 6 * HOUR_MS,
    Urgency.URGENT: 24 * HOUR_MS,
    Urgency.SOON: 7 * DAY_MS,
    Urgency.ROUTINE: 30 * DAY_MS,
}
"""After so long without an arrival a referral is overdue. Project's proposal, from memory; to be
signed by a clinician."""

ANSWER_MS: Final = 30 * DAY_MS
"""After so long without an outcome one that arrived is overdue. Project's proposal, from memory."""


@dataclass(frozen=True, slots=True)
class NewReferral:
    """What a worker decides; `to` is the receiving place, `telephone` its number or ""."""

    patient: str
    visit: str | None
    reason: str
    urgency: Urgency
    to: str
    telephone: str = ""
    transport: Transport = Transport.UNKNOWN


def is_overdue(state: str, urgency: str, made_ms: int, now_ms: int) -> bool:
    """Whether somebody must ask what became of a referral; times are Unix milliseconds."""
    if state in ENDED:
        return False
    if state == State.ARRIVED:
        return now_ms - made_ms > ANSWER_MS
    known = urgency in set(Urgency)
    return now_ms - made_ms > (ARRIVAL_MS[Urgency(urgency)] if known else DAY_MS)


def days_open(made_ms: int, now_ms: int) -> int:
    """Return for how many whole days a referral has been open."""
    return max(0, now_ms - made_ms) // DAY_MS


@dataclass(frozen=True, slots=True)
class Place:
    """A place to which patients are referred; `telephone` may be ""."""

    name: str
    telephone: str = ""


def places(text: str) -> tuple[Place, ...]:
    """Return the places of the setting: "name, telephone; name, telephone".

    What stands after the last comma is a telephone when it has at least three digits and no letter.
    """
    return tuple(_place(" ".join(part.split())) for part in text.split(";") if part.strip())


def _place(part: str) -> Place:
    name, comma, number = part.rpartition(",")
    digits = sum(letter.isdigit() for letter in number)
    is_phone = comma and digits >= 3 and not any(letter.isalpha() for letter in number)
    return Place(name.strip(), number.strip()) if is_phone else Place(part)
