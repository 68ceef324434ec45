"""Kinds of journal entries of a visit: its note, its medicines, its move to the right patient."""

from __future__ import annotations

from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow

_PATIENT = needed("patient", types.UUID_TEXT, "The patient.")
_VISIT = needed("visit", types.UUID_TEXT, "The visit.")
_DAY = needed("day", types.DAY, "The clinic's calendar day that it is about.")
_WHY = BodyField("why", types.TEXT, "Why, in a word or a sentence.")

VISIT_KINDS: Final = (
    KindRow(
        EntryKind.VISIT_NOTE,
        "Somebody wrote down what was said, asked, found or advised in a visit, or corrected it.",
        (
            _VISIT,
            _PATIENT,
            _DAY,
            needed("set", types.PATCH, "What the fields are now.", personal=True),
            BodyField("was", types.PATCH, "What the fields were.", personal=True),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.VISIT_MOVED,
        "A visit was written down for the wrong patient: all of it is another patient's.",
        (
            _VISIT,
            _PATIENT,
            needed("to", types.UUID_TEXT, "The patient whose visit it is."),
            needed("becomes", types.UUID_TEXT, "The visit that it is now; often the same."),
            _DAY,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.MEDICINE,
        "A medicine was given or advised in a visit, or the patient stopped taking it.",
        (
            needed("id", types.UUID_TEXT, "The medicine given: an id of its own."),
            _PATIENT,
            _VISIT,
            _DAY,
            needed("medicine", types.WORD, "Which, a word of the site's list.", personal=True),
            needed("state", types.one_of("given", "advised", "stopped"), "What was done."),
            BodyField("dose", types.NUMBER, "How much at a time.", personal=True),
            BodyField("unit", types.TEXT, "The unit of the dose, such as `mg`.", personal=True),
            BodyField("quantity", types.NUMBER, "How many pieces were handed out.", personal=True),
            BodyField("batch", types.TEXT, "The batch, as printed."),
            BodyField("overruled", types.TEXT, "Why a stop was overruled.", personal=True),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.TAKEN_BACK,
        "Somebody said that an entry was a mistake: nothing may be concluded from it.",
        (
            needed("entry", types.UUID_TEXT, "Content id of the entry."),
            needed("kind", types.WORD, "Its kind."),
            BodyField("patient", types.UUID_TEXT, "Whom it was about."),
            _DAY,
            _WHY,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
)
