"""Live parts of a page: the browser asks each second, and is told only when something changed."""

from __future__ import annotations

import hashlib

from flask import Response, request


def polled(fragment: str) -> Response:
    """Answer a poll with the fragment, or with 304 when the asker already shows exactly that."""
    tag = hashlib.blake2b(fragment.encode("utf-8"), digest_size=12).hexdigest()
    response = Response(fragment, content_type="text/html; charset=utf-8")
    response.set_etag(tag)
    if request.if_none_match.contains(tag):
        response.status_code = 304
        response.set_data(b"")
    return response
