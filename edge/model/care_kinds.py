"""Kinds of journal entries of care: what was decided about a patient beyond the measuring."""

from __future__ import annotations

from typing import Final

from edge.model.danger_kinds import DANGER_KINDS
from edge.model.entry_kind import KindRow
from edge.model.follow_up_kinds import FOLLOW_UP_KINDS
from edge.model.referral_kinds import REFERRAL_KINDS
from edge.model.report_kinds import REPORT_KINDS

CARE_KINDS: Final[tuple[KindRow, ...]] = (
    *FOLLOW_UP_KINDS,
    *REFERRAL_KINDS,
    *DANGER_KINDS,
    *REPORT_KINDS,
)
