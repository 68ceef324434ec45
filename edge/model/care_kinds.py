"""Kinds of journal entries of care: what was decided about a patient beyond the measuring."""

from __future__ import annotations

from typing import Final

from edge.model.entry_kind import KindRow

CARE_KINDS: Final[tuple[KindRow, ...]] = ()
