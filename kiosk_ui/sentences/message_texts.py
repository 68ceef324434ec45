"""Sentences for messages of the hospital about patients: replies, appointments, answers, edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from edge.feed import messages
from edge.feed.messages import Message
from edge.model.feed_item import Entity
from edge.model.patient import Patient
from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, Tier
from edge.patients import edits
from edge.staff import staff
from kiosk_ui import context
from kiosk_ui.wording import N_, day, ltr, own_words, t

FIELDS = {field.name: field for field in (*PATIENT_FIELDS, *SUMMARY_FIELDS)}

SHOWN = 3
"""So many of each that somebody has read are shown, the newest and the soonest."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """A message of the hospital, worded; `key` names exactly what was shown.

    `head` says what it is (an appointment's time, an alert's state), `text` is what was written.
    `patient` is whom it is about, where the page does not show that; `seen_by` who has read it.
    `referral` is the id of the referral that it answers.
    """

    key: str
    icon: str
    head: Markup
    text: str
    by: str
    on: Markup
    seen_by: Markup | None
    patient: Patient | None = None
    referral: str = ""


@dataclass(frozen=True, slots=True)
class Says:
    """All that the partial template shows; `pending` is empty when nothing waits.

    `earlier` were read and are folded away.
    """

    pending: Markup
    disputed: list[Markup]
    told: list[MessageText]
    earlier: list[MessageText]

    @property
    def unread(self) -> list[MessageText]:
        """What nobody here has read yet."""
        return [message for message in self.told if message.seen_by is None]


def from_hospital(patient: Patient) -> Says:
    """Return what is to be shown about a patient: all that is unread, the rest behind a fold."""
    store = context.store()
    disputes = edits.disputed(store, patient.id).items()
    found: list[Message] = []
    earlier: list[Message] = []
    for listed in (messages.appointments, messages.answers, messages.replies):
        for place, message in enumerate(listed(store, patient.id)):
            in_sight = place < SHOWN or message.seen_by is None
            (found if in_sight else earlier).append(message)
    names = {person.id: person.name for person in staff.members(store)}
    return Says(
        _listed(_field(f) for f in FIELDS if f in edits.pending(store, patient.id)),
        [_disputed(f, values) for f, values in disputes],
        [worded(message, names) for message in found],
        [worded(message, names) for message in earlier],
    )


_DISPUTED = {
    Tier.BLOCK: N_("Told to the hospital; the doctor decides. %(field)s: %(values)s"),
    Tier.UNION: N_("To be struck out; the doctor decides. %(field)s: %(values)s"),
}
"""What waits for a decision though nobody has contradicted anybody: a proposal, a wish."""


def _disputed(name: str, values: Iterable[str]) -> Markup:
    """Word a field that somebody at the hospital has to decide about, and what was said."""
    said = {"field": _field(name), "values": _listed(_value(name, v) for v in values)}
    tier = FIELDS[name].tier if name in FIELDS else None
    if tier in _DISPUTED:
        return t(_DISPUTED[tier], **said)
    return t(
        N_("Two people wrote it differently; the hospital decides. %(field)s: %(values)s"), **said
    )


def worded(
    message: Message, names: Mapping[str, str], patient: Patient | None = None
) -> MessageText:
    """Word a message; `names` are the staff by id."""
    on = day(datetime.fromtimestamp(message.at_ms / 1000).astimezone())
    seen = (
        None if message.seen_by is None else own_words(names.get(message.seen_by, message.seen_by))
    )
    referral = message.id if message.entity == Entity.REFERRAL else ""
    return MessageText(
        *(message.key, _icon(message), _head(message), message.text, message.by),
        *(on, seen, patient, referral),
    )


def _icon(message: Message) -> str:
    icons = {Entity.APPOINTMENT: "own_calendar", Entity.ALERT: "yes"}
    return icons.get(Entity(message.entity), "nurse")


def _head(message: Message) -> Markup:
    if message.when is not None:
        clock = ltr(message.when.strftime("%H:%M"))
        when = Markup("{} {}").format(day(message.when), clock)
        return t(N_("Appointment: %(when)s"), when=when)
    if message.entity == Entity.REFERRAL:
        return t(N_("Answer to a referral"))
    if message.entity != Entity.ALERT:
        return Markup("")
    by = own_words(message.by)
    if message.state == "handled":
        return t(N_("The alert is handled by %(name)s."), name=by)
    return t(N_("%(name)s has seen the alert."), name=by)


def _field(name: str) -> Markup:
    if name not in FIELDS:
        return ltr(name)
    return t(FIELDS[name].listed or FIELDS[name].label)


def _value(field: str, value: str) -> Markup:
    codes = FIELDS[field].codes if field in FIELDS else None
    return t(codes(value).label) if codes and value in set(codes) else own_words(value)


def _listed(words: Iterable[Markup]) -> Markup:
    return Markup(" / ").join(words)
