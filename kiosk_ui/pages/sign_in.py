"""Staff sign in with a PIN; five wrong ones lock the name for a while, never the measuring."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.staff import staff
from kiosk_ui import context, form_drafts, guard, typed_numbers
from kiosk_ui.wording import N_, count, t
from web.guard import inside

page = Blueprint("sign_in", __name__)

IDLE_S = 140
"""The screen asks after this long without a touch, well before the session ends by itself."""

WARN_S = 30


@page.get("/sign-in")
def choose() -> str:
    """Show who works here."""
    people = staff.members(context.store())
    return render_template("sign_in.html", people=people, next=_next(), person=None)


@page.get("/sign-in/<staff_id>")
def pin(staff_id: str) -> str:
    """Show the PIN pad for one person."""
    return _pad(_person(staff_id), None, None)


@page.post("/sign-in/<staff_id>")
def enter(staff_id: str) -> ResponseReturnValue:
    """Check the PIN; a wrong one says how many tries are left, a lock how long it holds."""
    person = _person(staff_id)
    outcome = staff.sign_in(
        context.store(),
        context.clock(),
        staff.load_pepper(context.settings().keys),
        staff_id,
        typed_numbers.digits(request.form.get("pin", "")),
    )
    if isinstance(outcome, staff.SignedIn):
        return _welcome(outcome, staff_id)
    if isinstance(outcome, staff.NameLocked):
        return _pad(person, None, outcome.seconds), 423
    text = N_("This PIN is not right. Tries left before a pause: %(left)s.")
    return _pad(person, t(text, left=count(outcome.left)), None), 422


@page.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session and forget the cookie."""
    _end_former()
    answer = make_response(redirect(url_for("home.show"), 303))
    answer.delete_cookie(context.COOKIE, samesite="Strict", httponly=True)
    return answer


@page.post("/still-here")
@guard.staff_only
def still_here() -> ResponseReturnValue:
    """Keep the session: somebody touched the screen."""
    return "", 204


@page.app_context_processor
def _idle() -> dict[str, int]:
    return {"idle_s": IDLE_S, "warn_s": WARN_S}


def _end_former() -> None:
    """End the session that this screen had: whoever was here before is not here any more."""
    token = request.cookies.get(context.COOKIE)
    if token:
        staff.sign_out(context.store(), context.clock(), token)


def _welcome(signed: staff.SignedIn, staff_id: str) -> ResponseReturnValue:
    _end_former()
    wanted = _next() or form_drafts.path_of(staff_id) or url_for("patients.search")
    answer = make_response(redirect(wanted, 303))
    answer.set_cookie(context.COOKIE, signed.token, httponly=True, samesite="Strict")
    return answer


def _pad(person: staff.Staff, wrong: Markup | None, locked_s: int | None) -> str:
    return render_template(
        "sign_in.html", people=[], person=person, wrong=wrong, locked_s=locked_s, next=_next()
    )


def _person(staff_id: str) -> staff.Staff:
    return staff.get(context.store(), staff_id)


def _next() -> str | None:
    return inside(request.values.get("next"))
