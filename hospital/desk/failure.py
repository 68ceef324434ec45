"""Plain words when a page cannot be shown."""

from __future__ import annotations

import logging

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from hospital.archive.errors import ArchiveDown

log = logging.getLogger(__name__)

SENTENCES = {
    403: "This page was not sent from the desk, or your session has ended. Please sign in again.",
    404: "There is no such page or patient.",
    413: "That was too much at once.",
}
ARCHIVE_DOWN = (
    "The hospital's archive cannot be reached just now. Nothing is lost:"
    " the clinics keep what is not confirmed. This page will work again when the archive does."
)
OTHERWISE = "Something went wrong here. The clinics are not affected."


def answer_with_sentences(app: Flask) -> None:
    """Show a sentence instead of a code."""

    def refused(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        return _page(SENTENCES.get(code, OTHERWISE)), code

    def archive_down(error: ArchiveDown) -> tuple[str, int]:
        log.error("%s", error)
        return _page(ARCHIVE_DOWN), 503

    for code in SENTENCES:
        app.register_error_handler(code, refused)
    app.register_error_handler(500, refused)
    app.register_error_handler(ArchiveDown, archive_down)


def _page(sentence: str) -> str:
    return render_template("failure.html", sentence=sentence)
