"""Who may do what: staff pages, forged requests, and the headers every answer carries."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Response, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from edge.model.errors import NotFound
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts

P = ParamSpec("P")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def staff_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view run only for somebody who is signed in; others are sent to the PIN pad."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if context.session() is None:
            return _to_sign_in()
        return view(*args, **kwargs)

    return guarded


def staff_form(
    typed: Callable[P, Draft],
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """As `staff_only`, for a form: what is sent after its author's session ended is kept for them.

    `typed` says what was typed and on which page; the author comes back to it by signing in.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if context.session() is not None:
                return view(*args, **kwargs)
            try:
                draft = typed(*args, **kwargs)
            except NotFound:
                return _to_sign_in()
            form_drafts.rescue(draft)
            return _to_sign_in(draft.path)

        return guarded

    return decorate


def refuse_forgeries() -> None:
    """Abort a write that did not come from one of our own pages (before every request)."""
    if request.method in _SAFE:
        return
    if not _own_origin():
        abort(403)
    held = context.session()
    if held is not None and not hmac.compare_digest(request.form.get("csrf", ""), held.csrf):
        abort(403)


def add_headers(response: Response) -> Response:
    """Add what keeps pages ours and private (after every request)."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def inside(path: str | None) -> str | None:
    """Return a path of our own, or None for anything that leads elsewhere."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    return path


def _own_origin() -> bool:
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return urlsplit(origin).netloc == request.host


def _to_sign_in(wanted: str | None = None) -> ResponseReturnValue:
    if "HX-Request" in request.headers:
        response = make_response("", 200)
        response.headers["HX-Redirect"] = url_for("sign_in.choose", next=wanted)
        return response
    if request.method == "GET":
        wanted = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.choose", next=wanted), 303)
