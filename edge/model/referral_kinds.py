"""Kinds of journal entries of referrals and of notifiable diseases."""

from __future__ import annotations

from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow, Lane

_PATIENT = needed("patient", types.UUID_TEXT, "The patient.")
_VISIT = BodyField("visit", types.UUID_TEXT, "The visit.")
_DAY = needed("day", types.DAY, "The clinic's local calendar day.")
_WHY = BodyField("why", types.TEXT, "Why, in a word or a sentence.", personal=True)

REFERRAL_KINDS: Final = (
    KindRow(
        EntryKind.REFERRAL,
        "A patient was referred to another place, or something became known of a referral.",
        (
            needed("referral", types.UUID_TEXT, "The referral."),
            _PATIENT,
            _VISIT,
            _DAY,
            needed(
                "state",
                types.one_of("made", "arrived", "not-arrived", "closed", "cancelled"),
                "What became known; `made` is the first entry of a referral.",
            ),
            BodyField("reason", types.TEXT, "Of `made`: why.", personal=True),
            BodyField(
                "urgency",
                types.one_of("emergency", "urgent", "soon", "routine"),
                "Of `made`: how urgent.",
                personal=True,
            ),
            BodyField("to", types.TEXT, "Of `made`: the receiving place."),
            BodyField("telephone", types.TEXT, "Of `made`: its telephone."),
            BodyField("transport", types.WORD, "Of `made`: how the patient goes."),
            BodyField(
                "summary",
                types.TEXT,
                "Of `made`: what the letter says, as canonical JSON.",
                personal=True,
            ),
            BodyField("outcome", types.WORD, "Of `closed`: how it ended.", personal=True),
            _WHY,
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.NOTIFICATION,
        "A notifiable disease is reported, or that there was no case in a week.",
        (
            needed("id", types.UUID_TEXT, "The case, or the report of the week."),
            BodyField("patient", types.UUID_TEXT, "The patient; missing in a report of a week."),
            _VISIT,
            needed("disease", types.WORD, "Which disease; `none` in a report of a week."),
            _DAY,
            needed(
                "state",
                types.one_of("suspected", "confirmed", "ruled-out", "none"),
                "How sure it is; `none`: no case was seen in the week.",
                personal=True,
            ),
            BodyField("week", types.WORD, "Of a report of a week: which, such as `2026-w48`."),
            BodyField("onset", types.DAY, "The day of the first sign.", personal=True),
            _WHY,
        ),
        AtHospital.APPLIED,
        subject="patient",
        lane=Lane.ALERT,
    ),
)
