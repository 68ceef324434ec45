"""Kinds of journal entries of the clinical rules: what one found, what became of its table."""

from __future__ import annotations

from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow

_EVENTS = types.one_of("signed", "loaded", "refused", "override", "failed")

RULE_KINDS: Final = (
    KindRow(
        EntryKind.ASSESSMENT,
        "A rule judged a patient's values: its result, by which version, from which facts.",
        (
            needed("patient", types.UUID_TEXT, "The patient."),
            BodyField("visit", types.UUID_TEXT, "The visit."),
            needed("day", types.DAY, "The clinic's calendar day that it is about."),
            needed("rule", types.TEXT, "Which rule, such as `news2`."),
            needed("version", types.TEXT, "Version of the rule's table."),
            needed("sha256", types.HEX, "SHA-256 of the rule's table."),
            BodyField("draft", types.TRUTH, "True: no clinician had signed the table."),
            needed("status", types.WORD, "How far it could judge, such as `ok`."),
            needed("level", types.WORD, "How urgent it is, at least: `none` to `emergency`."),
            needed("result", types.TEXT, "The result, canonical JSON.", personal=True),
            needed("facts", types.TEXT, "The facts that were used, as JSON.", personal=True),
            needed("readings", types.TEXTS, "Content ids of the readings that they came from."),
            needed("missing", types.TEXTS, "Names of the facts that were missing."),
            needed("cause", types.UUID_TEXT, "Content id of the entry that was judged."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.RULE,
        "A rule's table was signed, loaded, refused, made more cautious here, or failed.",
        (
            needed("rule", types.TEXT, "Which rule, such as `news2`."),
            needed("version", types.TEXT, "Version of the table."),
            needed("sha256", types.HEX, "SHA-256 of the table; empty when it cannot be read."),
            needed("what", _EVENTS, "What became of it."),
            BodyField("by", types.TEXT, "Who signed it, with the profession."),
            BodyField("why", types.TEXT, "Why, in a word or a sentence."),
        ),
        AtHospital.APPLIED,
    ),
)
