"""What the hospital says about a patient, worded: replies, appointments, and edits under way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from edge import feed_patients, told
from edge.patient import Patient, Sex
from kiosk_ui import context
from kiosk_ui.wording import day, isolated, noted, own_words, say, sex_name

FIELDS = {
    "name": noted("Name"),
    "sex": noted("Sex"),
    "birth": noted("Date of birth"),
    "village": noted("Village"),
    "phone": noted("Phone"),
    "card": noted("Card number"),
    "allergies": noted("Allergies"),
    "conditions": noted("Conditions"),
    "medicines": noted("Medicines"),
}
"""What each field of a patient is called."""

SHOWN = 3
"""So many replies and appointments are shown, the newest and the soonest."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """A field that somebody at the hospital has to decide about, and what was said."""

    field: Markup
    values: Markup


@dataclass(frozen=True, slots=True)
class Appointed:
    """An appointment, worded."""

    when: Markup
    what: str


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply, worded."""

    text: str
    by: str
    on: Markup


@dataclass(frozen=True, slots=True)
class Says:
    """All that the partial template shows; `pending` is empty when nothing waits."""

    pending: Markup
    disputed: list[Disputed]
    appointments: list[Appointed]
    replies: list[Replied]


def from_hospital(patient: Patient) -> Says:
    """Return what is to be shown about a patient."""
    store = context.store()
    disputes = feed_patients.disputed(store, patient.id).items()
    return Says(
        _listed(_field(f) for f in FIELDS if f in feed_patients.pending(store, patient.id)),
        [Disputed(_field(f), _listed(_value(f, v) for v in values)) for f, values in disputes],
        [_appointed(a) for a in told.appointments(store, patient.id)[:SHOWN]],
        [_replied(r) for r in told.replies(store, patient.id)[:SHOWN]],
    )


def _appointed(one: told.Appointment) -> Appointed:
    clock = isolated(one.when.strftime("%H:%M"))
    return Appointed(Markup("{} {}").format(day(one.when), clock), one.what)


def _replied(one: told.Reply) -> Replied:
    return Replied(one.text, one.by, day(datetime.fromtimestamp(one.at_ms / 1000).astimezone()))


def _field(name: str) -> Markup:
    return say(FIELDS[name]) if name in FIELDS else isolated(name)


def _value(field: str, value: str) -> Markup:
    return sex_name(Sex(value)) if field == "sex" and value in set(Sex) else own_words(value)


def _listed(words: Iterable[Markup]) -> Markup:
    return Markup(" / ").join(words)
