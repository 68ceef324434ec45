"""Live parts of a page: the browser asks every few seconds and gets only what changed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import date

from flask import Response, request

_STARTED = secrets.token_hex(8)
"""Another process may word things otherwise: what a browser shows of it counts for nothing here."""


def polled(fragment: str) -> Response:
    """Answer a poll with the fragment, or with 304 when the asker already shows exactly that."""
    return _answer(_tag(fragment), lambda: fragment)


def polled_at(position: str, render: Callable[[], str]) -> Response:
    """Answer a poll, rendering only when the data have changed since the browser's last answer.

    For parts that depend on nothing but `position` (which changes with the data), the question and
    the day by the calendar of this place: ages depend on it.
    """
    today = date.today()  # noqa: DTZ011 - the time zone of the machine is that of the place
    asked = (_STARTED, position, request.full_path, today.isoformat())
    return _answer(_tag("\n".join(asked)), render)


def _answer(tag: str, render: Callable[[], str]) -> Response:
    known = request.if_none_match.contains(tag)
    response = Response("" if known else render(), 304 if known else 200, mimetype="text/html")
    response.set_etag(tag)
    return response


def _tag(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
