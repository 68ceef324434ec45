"""Access to the desk: the session of a request, and pages for signed-in clinicians only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, cast

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from hospital.accounts import accounts, sessions
from hospital.desk import context
from web.guard import signed_in_only

P = ParamSpec("P")

COOKIE = "desk"


def clinician_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view run only for somebody who is signed in; others are sent to the sign-in page."""
    return signed_in_only(view, session, "sign_in.ask")


def session() -> sessions.Session | None:
    """Return this request's session, or None; a page's own polling does not keep it awake."""
    if "session" not in g:
        token = request.cookies.get(COOKIE)
        polled = "HX-Request" in request.headers
        g.session = (
            sessions.live(context.archive(), token, now_ms(), touch=not polled) if token else None
        )
    return cast("sessions.Session | None", g.session)


def csrf_token() -> str | None:
    """Return the CSRF token of who is signed in, or None."""
    current = session()
    return None if current is None else current.csrf


def account() -> str:
    """Return who is signed in, inside a view that is `clinician_only`."""
    current = session()
    if current is None:
        abort(403)
    return current.account


def person_name() -> str:
    """Return the full name of who is signed in, or the account's own where none is known."""
    return accounts.person_name(context.archive(), account())


def now_ms() -> int:
    """Return the hospital's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000
