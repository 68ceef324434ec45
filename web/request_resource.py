"""What each request opens for itself, a store or an archive, and what is closed when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

from flask import Flask, g


class Closable(Protocol):
    """Something that must be closed."""

    def close(self) -> None:
        """Give back what it holds."""


T = TypeVar("T", bound=Closable)


class RequestResource(Generic[T]):
    """One resource a request, opened when it is first asked for."""

    def __init__(self, name: str, open_one: Callable[[], T]) -> None:
        self._name = name
        self._open = open_one

    def attach(self, app: Flask) -> None:
        """Close the resource at the end of each request of `app`."""
        app.teardown_appcontext(self._close)

    def get(self) -> T:
        """Return this request's resource; raises what opening it raises."""
        if self._name not in g:
            setattr(g, self._name, self._open())
        return cast(T, getattr(g, self._name))

    def _close(self, _error: BaseException | None) -> None:
        opened: T | None = g.pop(self._name, None)
        if opened is not None:
            opened.close()
