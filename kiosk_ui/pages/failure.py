"""When something fails: one plain sentence, and nothing typed is lost."""

from __future__ import annotations

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, SecurityError

from edge.model.errors import DiskFull, NotFound, Refused, StoreError
from kiosk_ui.sentences import issues
from kiosk_ui.wording import noted, say

log = logging.getLogger("kiosk_ui")

_SENTENCES = {
    403: noted("This page was open for too long. Go to the start and try again."),
    404: noted("There is no such page. Go to the start."),
    405: noted("There is no such page. Go to the start."),
    413: noted("That was too much at once."),
}
_STORE = noted("The box cannot reach its own records just now. Try again, or call the technician.")
_OTHER = noted("Something went wrong in the box. Try again, or call the technician.")
_DEALT_WITH = noted("Somebody has already dealt with this.")

_SECRET = frozenset({"pin"})


def answer_with_sentences(app: Flask) -> None:
    """Register what is shown for each thing that can go wrong."""
    app.register_error_handler(DiskFull, _disk_full)
    app.register_error_handler(StoreError, _store)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)


def _disk_full(error: DiskFull) -> ResponseReturnValue:
    log.error("%s", error)
    return _page(say(issues.DISK_FULL), again=True), 507


def _store(error: StoreError) -> ResponseReturnValue:
    log.error("%s", error)
    return _page(say(_STORE), again=True), 503


def _not_found(_error: NotFound) -> ResponseReturnValue:
    return _page(say(_SENTENCES[404])), 404


def _refused(_error: Refused) -> ResponseReturnValue:
    return _page(say(_DEALT_WITH)), 409


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400 or isinstance(error, SecurityError):
        return error  # a foreign host name leaves no address to build a page's links from
    return _page(say(_SENTENCES.get(code, _OTHER)), again=code >= 500), code


def _page(sentence: Markup, *, again: bool = False) -> str:
    """Render without touching the store: it may be what has failed."""
    again = again and request.method == "POST" and "HX-Request" not in request.headers
    kept = [(k, v) for k, v in request.form.items() if k not in _SECRET] if again else []
    return render_template("failure.html", sentence=sentence, again=again, kept=kept)
