"""Pages of a long list: which part of it is shown, and the addresses of the parts beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import request


@dataclass(frozen=True, slots=True)
class ListPart:
    """Rows `first` to `last` of a list, newest first; `total` is None where nobody counts.

    `newer` and `older` are the addresses of the pages beside it.
    """

    first: int
    last: int
    total: int | None
    newer: str | None
    older: str | None


def skipped(size: int) -> int:
    """Return how many rows the page that was asked for (`page`, from 1) leaves to those before."""
    return (_asked() - 1) * size


def part(
    size: int, at: Callable[[int], str], *, shown: int, total: int | None = None, more: bool = False
) -> ListPart | None:
    """Return which part is shown, None when that is all; `at` gives the address of a page.

    `more` says that rows follow, where `total` is not known.
    """
    number = _asked()
    skip = (number - 1) * size
    more = skip + shown < total if total is not None else more
    if number == 1 and not more:
        return None
    return ListPart(
        first=min(skip + 1, skip + shown),
        last=skip + shown,
        total=total,
        newer=at(number - 1) if number > 1 else None,
        older=at(number + 1) if more else None,
    )


def _asked() -> int:
    text = request.args.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return max(number, 1)
