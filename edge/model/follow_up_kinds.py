"""Kinds of journal entries of care over time: programmes, appointments, calls, vaccines, stock."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow


class EpisodeState(StrEnum):
    """What became of an enrolment in a programme."""

    ENROLLED = "enrolled"
    FINISHED = "finished"
    LOST = "lost"
    TRANSFERRED = "transferred"
    DECEASED = "deceased"
    REFUSED = "refused"


class AppointmentState(StrEnum):
    """What became of an appointment."""

    BOOKED = "booked"
    KEPT = "kept"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MISSED = "missed"


class CallOutcome(StrEnum):
    """What came of a call to somebody who should have come."""

    AGREED = "agreed"
    REMIND = "remind"
    NOT_REACHED = "not-reached"
    WRONG_NUMBER = "wrong-number"
    MOVED = "moved"
    REFUSED = "refused"
    DIED = "died"
    OTHER = "other"


_PATIENT = needed("patient", types.UUID_TEXT, "The patient.")
_DAY = needed("day", types.DAY, "The clinic's local day on which it was said.")
_IN_VISIT = BodyField("visit", types.UUID_TEXT, "The visit in which it was said or done.")

FOLLOW_UP_KINDS: Final = (
    KindRow(
        EntryKind.PROGRAMME,
        "Somebody was enrolled in a programme, or what became of the enrolment.",
        (
            needed("episode", types.UUID_TEXT, "The enrolment; the same in all entries about it."),
            _PATIENT,
            needed("programme", types.WORD, "Which programme.", personal=True),
            needed("state", types.one_of(*EpisodeState), "What became of it.", personal=True),
            _DAY,
            BodyField("facts", types.PATCH, "What the schedule is made from.", personal=True),
            BodyField("why", types.TEXT, "Why, in a sentence.", personal=True),
            BodyField("to", types.TEXT, "Of `transferred`: to which place.", personal=True),
            _IN_VISIT,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.APPOINTMENT,
        "Somebody was asked to come on a day, or what became of that.",
        (
            needed("appointment", types.UUID_TEXT, "The appointment; the same in all entries."),
            _PATIENT,
            needed("due", types.DAY, "The day to come on.", personal=True),
            needed("state", types.one_of(*AppointmentState), "What became of it.", personal=True),
            _DAY,
            BodyField("programme", types.WORD, "For which programme.", personal=True),
            BodyField("why", types.TEXT, "Why, in a word or a sentence.", personal=True),
            _IN_VISIT,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.CALL,
        "Somebody called a person who should have come, or asked after them.",
        (
            _PATIENT,
            needed("outcome", types.one_of(*CallOutcome), "What came of it.", personal=True),
            _DAY,
            BodyField("appointment", types.UUID_TEXT, "Which appointment it was about."),
            BodyField("episode", types.UUID_TEXT, "Which enrolment it was about."),
            BodyField("remind", types.DAY, "Of `remind`: when to call again.", personal=True),
            BodyField("note", types.TEXT, "What was said.", personal=True),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.IMMUNIZATION,
        "A dose of a vaccine was given, here or, as a card shows, elsewhere.",
        (
            needed("id", types.UUID_TEXT, "The dose."),
            _PATIENT,
            needed("vaccine", types.WORD, "Which vaccine.", personal=True),
            needed("dose", types.COUNT, "Which dose of it, from 1.", personal=True),
            needed("day", types.DAY, "The day on which it was given.", personal=True),
            BodyField("batch", types.TEXT, "Batch of the vial."),
            BodyField("expiry", types.TEXT, "Expiry of the vial: `YYYY-MM-DD` or `YYYY-MM`."),
            BodyField("site", types.WORD, "Where on the body.", personal=True),
            BodyField("elsewhere", types.TRUTH, "True when it was given elsewhere."),
            _IN_VISIT,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.FRIDGE,
        "Somebody or a sensor read the temperature of a vaccine refrigerator.",
        (
            needed("fridge", types.TEXT, "Name of the refrigerator."),
            needed("value", types.VALUE, "The temperature."),
            needed("source", types.one_of("device", "typed"), "Where the value comes from."),
            _DAY,
            BodyField("part", types.one_of("morning", "evening"), "Which of the day's readings."),
            BodyField("device", types.TEXT, "Id of the sensor."),
        ),
        AtHospital.APPLIED,
    ),
    KindRow(
        EntryKind.STOCK,
        "Somebody received, used, counted or lost something that the clinic keeps.",
        (
            needed("item", types.TEXT, "Word of the item, such as `glucose-strip`."),
            needed("what", types.one_of("received", "used", "counted", "lost"), "What happened."),
            needed("number", types.NUMBER, "How many units."),
            needed("unit", types.WORD, "What is counted, such as `strip`."),
            _DAY,
            BodyField("batch", types.TEXT, "Batch of what was received."),
            BodyField("expiry", types.TEXT, "Its expiry: `YYYY-MM-DD` or `YYYY-MM`."),
            BodyField("name", types.TEXT, "Name of an item that only this site has."),
            BodyField("low", types.COUNT, "From so many on, the clinic calls it low."),
        ),
        AtHospital.APPLIED,
    ),
)
