"""The first page: choose the language, and patient or staff."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk_ui import fonts, language
from kiosk_ui.context import settings
from web.guard import inside

page = Blueprint("home", __name__)

YEAR_S = 365 * 24 * 3600


@page.get("/")
def show() -> str:
    """Show the two doors: patients and staff."""
    return render_template("home.html")


@page.get("/language")
def choose_language() -> str:
    """Show the languages, each in its own script."""
    return render_template("language.html", next=inside(request.args.get("next")) or "/")


@page.post("/language")
def set_language() -> ResponseReturnValue:
    """Keep the choice for this screen and go back to where the person was."""
    answer = make_response(redirect(inside(request.form.get("next")) or url_for(".show"), 303))
    code = request.form.get("code", "")
    if language.known(code):
        answer.set_cookie(language.COOKIE, code, max_age=YEAR_S, httponly=True, samesite="Strict")
    return answer


@page.get("/screen.css")
def screen_css() -> Response:
    """Say how large a millimetre is on this panel, and which fonts each language has."""
    static = url_for("static", filename="").rstrip("/")
    css = f":root{{--mm:{settings().px_per_mm}px}}\n{fonts.style_sheet(static)}"
    return Response(css, content_type="text/css; charset=utf-8")
