"""Kinds of journal entries of reports: a month that was closed, and what changed it later."""

from __future__ import annotations

from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.entry_kind import AtHospital, EntryKind, KindRow

REPORT_KINDS: Final = (
    KindRow(
        EntryKind.MONTH,
        "The numbers of a month were closed, or a closed month was stated again with the reason.",
        (
            needed("month", types.MONTH, "The month."),
            needed("sha256", types.HEX, "SHA-256 of the report."),
            needed("report", types.TEXT, "The report as canonical JSON."),
            BodyField("restates", types.COUNT, "How often the month has been stated before."),
            BodyField("why", types.TEXT, "Why it was stated again."),
            BodyField("differences", types.TEXT, "JSON: a list of name, what it was, what it is."),
        ),
        AtHospital.APPLIED,
    ),
)
