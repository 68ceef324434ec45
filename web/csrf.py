"""Forged requests: a write is accepted only from one of our own pages."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import abort, request

FIELD = "csrf"
"""The hidden field of every form that carries the token of the session."""

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_forgeries(session_token: Callable[[], str | None]) -> None:
    """Abort a write with 403 when its origin is foreign or its token is not the session's.

    `session_token` returns None when nobody is signed in: then the origin alone decides.
    """
    if request.method in _READ_METHODS:
        return
    if not _own_origin():
        abort(403)
    expected = session_token()
    if expected is not None and not _same(request.form.get(FIELD, ""), expected):
        abort(403)


def _own_origin() -> bool:
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin.partition("://")[2] == request.host


def _same(given: str, expected: str) -> bool:
    """Compare in constant time; as bytes, for text with other than ASCII is a TypeError there."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
