"""A part of a long list: which of how many are shown, and the way to the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from markupsafe import Markup

from kiosk_ui.wording import N_, count, t


@dataclass(frozen=True, slots=True)
class PartOfList:
    """What stands under a list: `words` say which part it is; `newer` and `older` lead on."""

    words: Markup
    newer: str | None
    older: str | None


def skipped(size: int) -> int:
    """Return how many the page that was asked for (`page`, from 1) leaves to the pages before."""
    text = request.args.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return (max(number, 1) - 1) * size


def part(skip: int, size: int, total: int, **query: str) -> PartOfList | None:
    """Return what stands under one page of a list, newest first; None when all is on it."""
    if total <= size and skip == 0:
        return None
    last = min(skip + size, total)
    words = N_("%(first)s to %(last)s of %(total)s, newest first.")
    return PartOfList(
        t(words, first=count(min(skip + 1, last)), last=count(last), total=count(total)),
        _page(skip // size, query) if skip else None,
        _page(skip // size + 2, query) if last < total else None,
    )


def _page(number: int, query: Mapping[str, str]) -> str:
    assert request.endpoint is not None
    values: dict[str, Any] = {**(request.view_args or {}), **query, "page": number}
    return url_for(request.endpoint, **values)
