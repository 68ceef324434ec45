"""POST /enrol: a box asks to join. The message is sealed and signed, so plain HTTP is enough."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from hospital.archive.errors import ArchiveDown
from hospital.desk import context
from hospital.fleet import claims
from sync.keys.enrolment import CONTENT_TYPE, MAX_MESSAGE, PATH, Refusal

page = Blueprint("enrol", __name__)


@page.post(PATH)
def enrol() -> Response:
    """Answer a box's request in its own words: 200 granted, 403 refused, 503 come again."""
    if (request.content_length or 0) > MAX_MESSAGE:
        return _answer(Refusal("malformed", "the request is too long").encode(), 413)
    message = request.stream.read(MAX_MESSAGE + 1)
    parts = context.parts()
    now = datetime.now(UTC)
    try:
        answer, granted = claims.enrol(
            context.archive(), parts.authority, parts.offer_now(), message, now
        )
    except ArchiveDown:
        busy = Refusal("refused", "the hospital's archive is down; try again later")
        return _answer(busy.encode(), 503)
    return _answer(answer, 200 if granted else 403)


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status, content_type=CONTENT_TYPE)
