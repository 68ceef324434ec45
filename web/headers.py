"""The headers that every answer carries: what may run on a page, and that pages are private."""

from __future__ import annotations

from flask import Response, request

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere; fonts only where an application adds them."""

_STATIC = frozenset({"static", "web.static"})
"""Endpoints whose files hold nothing private: the browser may keep them."""


def add_headers(response: Response, policy: str = CONTENT_SECURITY_POLICY) -> Response:
    """Add what keeps pages ours and private; a page's own policies stay."""
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint not in _STATIC:
        response.headers["Cache-Control"] = "no-store"
    return response
