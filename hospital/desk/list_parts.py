"""Long lists of the desk: one row more is asked for than is shown, to know whether more follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import request, url_for

from web import list_pages
from web.list_pages import ListPart

T = TypeVar("T")


def page_of(
    size: int, ask: Callable[[int, int], Sequence[T]], view: str, **values: str
) -> tuple[Sequence[T], ListPart | None]:
    """Return the rows of the page that was asked for, and which part they are.

    `ask` takes how many rows and how many to leave out; `view` is the endpoint of the page.
    """
    found = ask(size + 1, list_pages.skipped(size))
    shown = found[:size]
    place: dict[str, Any] = {**values}
    if "q" in request.args:
        place["q"] = request.args["q"]

    def at(number: int) -> str:
        return url_for(view, **place, page=number)

    part = list_pages.part(size, at, shown=len(shown), more=len(found) > size)
    return shown, part


def is_first() -> bool:
    """Whether the first page was asked for: the newest come by themselves, older pages stand."""
    return list_pages.skipped(1) == 0
