"""A part of a long list in words: which of how many are shown, and the way to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from kiosk_ui.wording import N_, count, t
from web import list_pages


@dataclass(frozen=True, slots=True)
class PartOfList:
    """What stands under a list: `words` say which part it is; `newer` and `older` lead on."""

    words: Markup
    newer: str | None
    older: str | None


def part(size: int, at: Callable[[int], str], shown: int, total: int) -> PartOfList | None:
    """Return what stands under one page of a list, newest first; None when all is on it."""
    found = list_pages.part(size, at, shown=shown, total=total)
    if found is None:
        return None
    words = N_("%(first)s to %(last)s of %(total)s, newest first.")
    return PartOfList(
        t(words, first=count(found.first), last=count(found.last), total=count(total)),
        found.newer,
        found.older,
    )
