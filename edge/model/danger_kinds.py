"""Kinds of journal entries about dangers, and about readings that count together."""

from __future__ import annotations

from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow

_PATIENT = needed("patient", types.UUID_TEXT, "The patient.")
_DAY = needed("day", types.DAY, "The clinic's local day.")

DANGER_KINDS: Final = (
    KindRow(
        EntryKind.DANGER,
        "Somebody at the Stop page did something about a danger, or said what was done in the end.",
        (
            _PATIENT,
            BodyField("visit", types.UUID_TEXT, "The visit in which it was found."),
            _DAY,
            needed(
                "what",
                types.one_of("done", "not-done", "ended"),
                "A step was done; it was not; or the danger is answered.",
            ),
            needed(
                "word",
                types.WORD,
                "The step; of `ended`: `treated`, `referred` or `false` (measured again).",
                personal=True,
            ),
            needed("level", types.WORD, "How urgent, such as `urgent`.", personal=True),
            needed("alerts", types.TEXTS, "Content ids of the alerts that it is about."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.MEASURED,
        "The reading that counts, reckoned from several of a visit; a later one replaces it.",
        (
            _PATIENT,
            needed("visit", types.UUID_TEXT, "The visit."),
            _DAY,
            needed("kind", types.WORD, "What was measured: `blood-pressure`."),
            needed("values", types.VALUES, "The values; none when nothing counts.", personal=True),
            needed("method", types.WORD, "How, such as `mean-of-last-two`; `none`."),
            needed("readings", types.TEXTS, "Content ids of the readings it was reckoned from."),
            BodyField("left", types.TEXTS, "Content ids of readings on the left arm."),
            BodyField("right", types.TEXTS, "Content ids of readings on the right arm."),
            BodyField("quality", types.TEXTS, "Doubts, such as `irregular_pulse`.", personal=True),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
)
