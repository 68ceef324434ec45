"""Which language a page speaks, and which way it runs.

The choice is a cookie of the screen, not of a person: whoever stands there next sees the choices
on the first page in their own scripts.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from kiosk_ui.context import settings

COOKIE = "language"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: catalog code, BCP 47 tag for the page, its own name, direction of writing."""

    code: str
    tag: str
    name: str
    direction: str


LANGUAGES = (
    Language("en", "en", "English", "ltr"),
    Language("ur", "ur", "اردو", "rtl"),
    Language("zh", "zh-Hans", "中文", "ltr"),
)

_BY_CODE = {language.code: language for language in LANGUAGES}


def offered() -> list[Language]:
    """Return the languages of this box."""
    return [_BY_CODE[code] for code in settings().languages if code in _BY_CODE]


def known(code: str) -> bool:
    """Whether the box offers a language of this code."""
    return any(language.code == code for language in offered())


def current() -> Language:
    """Return the language of this request: the screen's choice, else the clinic's."""
    chosen = request.cookies.get(COOKIE, "")
    return _BY_CODE[chosen if known(chosen) else settings().language]
