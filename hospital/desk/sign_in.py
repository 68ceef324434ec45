"""Sign in with name and password, and sign out."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.accounts import accounts, sessions
from hospital.archive import Archive
from hospital.desk import context, guard
from web.guard import inside

page = Blueprint("sign_in", __name__)


@page.get("/sign-in")
def ask() -> str:
    """Ask who is there."""
    return _form(wrong=False)


@page.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Open a session for the right password; a wrong one does not say what is wrong with it."""
    archive, now_ms = context.archive(), guard.now_ms()
    name = request.form.get("name", "").strip()
    if not accounts.admit(archive, name, request.form.get("password", ""), now_ms):
        return _form(wrong=True), 422
    _end_former(archive)
    answer = make_response(redirect(_next(), 303))
    answer.set_cookie(
        guard.COOKIE,
        sessions.start(archive, name, now_ms),
        httponly=True,
        samesite="Strict",
        secure=context.parts().settings.desk_url.startswith("https:"),
    )
    return answer


@page.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session and forget the cookie."""
    _end_former(context.archive())
    answer = make_response(redirect(url_for(".ask"), 303))
    answer.delete_cookie(guard.COOKIE, httponly=True, samesite="Strict")
    return answer


def _end_former(archive: Archive) -> None:
    """End the session that this browser had: whoever sat here before is not here any more."""
    token = request.cookies.get(guard.COOKIE)
    if token:
        sessions.end(archive, token)


def _next() -> str:
    return inside(request.values.get("next")) or url_for("readings.show")


def _form(*, wrong: bool) -> str:
    name = request.form.get("name", "")
    return render_template("sign_in.html", wrong=wrong, name=name, next=_next())
