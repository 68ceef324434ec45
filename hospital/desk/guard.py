"""Who may see the desk, forged requests, and the headers that every answer carries."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import urlsplit

from flask import Response, abort, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hospital.accounts import sessions
from hospital.desk import context

P = ParamSpec("P")

COOKIE = "desk"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_TO_BOXES = "enrol.enrol"  # a box has no cookie, and its message is signed


def clinician_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view run only for somebody who is signed in; others are sent to the door."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if session() is None:
            return _to_sign_in()
        return view(*args, **kwargs)

    return guarded


def session() -> sessions.Session | None:
    """Return this request's session, or None; a page's own polling does not keep it awake."""
    if "session" not in g:
        token = request.cookies.get(COOKIE)
        polled = "HX-Request" in request.headers
        g.session = (
            sessions.live(context.archive(), token, now_ms(), touch=not polled) if token else None
        )
    return cast("sessions.Session | None", g.session)


def account() -> str:
    """Return who is signed in, inside a view that is `clinician_only`."""
    held = session()
    if held is None:
        abort(403)
    return held.account


def now_ms() -> int:
    """Return the hospital's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def refuse_forgeries() -> None:
    """Abort a write that did not come from one of our own pages (before every request)."""
    if request.method in _SAFE or request.endpoint == _OPEN_TO_BOXES:
        return
    if not _own_origin():
        abort(403)
    held = session()
    if held is not None and not hmac.compare_digest(
        request.form.get("csrf", "").encode(), held.csrf.encode()
    ):
        abort(403)


def add_headers(response: Response) -> Response:
    """Add what keeps pages ours and private (after every request)."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def inside(path: str | None) -> str | None:
    """Return a path of our own, or None for anything that leads elsewhere."""
    if not path or not path.startswith("/") or path.startswith("//"):
        return None
    return None if "\\" in path or not path.isprintable() else path


def _own_origin() -> bool:
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return urlsplit(origin).netloc == request.host


def _to_sign_in() -> ResponseReturnValue:
    if "HX-Request" in request.headers:
        response = make_response("", 200)
        response.headers["HX-Redirect"] = url_for("sign_in.ask")
        return response
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sign_in.ask", next=wanted), 303)
