"""The page that is shown when another page fails, with a sentence that says why."""

from __future__ import annotations

from flask import render_template

from hospital.archive.errors import ArchiveDown, ArchiveRefused
from web.failure import Failure, Sentences

_NO_PAGE = "There is no such page or patient."

SENTENCES = Sentences(
    by_code={
        403: "This page was not sent from the desk, or your session has ended."
        " Please sign in again.",
        404: _NO_PAGE,
        405: _NO_PAGE,
        413: "That was too much at once.",
    },
    otherwise="Something went wrong here. The clinics are not affected.",
    failures=(
        Failure(
            ArchiveRefused,
            503,
            "The hospital's archive is not the one that belongs here. Nothing is lost:"
            " the clinics keep what is not confirmed. Call who runs the hospital's machine.",
            str,
        ),
        Failure(
            ArchiveDown,
            503,
            "The hospital's archive cannot be reached just now. Nothing is lost:"
            " the clinics keep what is not confirmed."
            " This page will work again when the archive does.",
        ),
    ),
)


def page(sentence: str, _code: int, detail: str) -> str:
    """Return the page; it needs no archive."""
    return render_template("failure.html", sentence=f"{sentence} {detail}".strip())
