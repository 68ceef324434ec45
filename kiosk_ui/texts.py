"""Texts in the language of the request, from the gettext catalogs of `kiosk_ui/translations`.

The standard library does it: a larger one also loads calendars, plurals and currencies of every
language, which take ten megabytes of a small board's memory and are not used here.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations, translation

from edge.model.languages import SOURCE
from kiosk_ui import catalogs, language


def gettext(text: str, **values: object) -> str:
    """Translate a text, and fill it in when there are values."""
    translated = _catalog(language.current().code).gettext(text)
    return translated % values if values else translated


def ngettext(singular: str, plural: str, number: int, **values: object) -> str:
    """Translate the form that goes with a number, and fill it in when there are values."""
    translated = _catalog(language.current().code).ngettext(singular, plural, number)
    return translated % values if values else translated


@cache
def _catalog(code: str) -> NullTranslations:
    """Return the catalog of a language; raises `FileNotFoundError` when it has none."""
    if code == SOURCE.code:
        return NullTranslations()
    return translation("messages", catalogs.FOLDER, [code])
