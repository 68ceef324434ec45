"""The language of a page and its writing direction.

The choice is a cookie of the screen, not of a person: whoever stands there next sees the choices
on the first page in their own scripts.
"""

from __future__ import annotations

from flask import request

from edge.model.languages import Language, by_code
from kiosk_ui.context import settings

COOKIE = "language"


def offered() -> list[Language]:
    """Return the languages of this box."""
    return [by_code(code) for code in settings().languages]


def known(code: str) -> bool:
    """Whether the box offers a language of this code."""
    return any(language.code == code for language in offered())


def current() -> Language:
    """Return the language of this request: the screen's choice, else the clinic's."""
    chosen = request.cookies.get(COOKIE, "")
    return by_code(chosen if known(chosen) else settings().language)
