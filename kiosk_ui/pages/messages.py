"""Messages of the hospital: the unread ones, coming appointments, and "I have read this"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.feed import messages
from edge.feed.messages import Message
from edge.model.errors import NotFound
from edge.model.patient import Patient
from edge.patients import register
from edge.staff import staff
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.sentences.message_texts import MessageText, worded
from kiosk_ui.wording import N_, count, t
from web.polling import polled

page = Blueprint("messages", __name__)


@page.get("/hospital")
@staff_only
def show() -> str:
    """Show what nobody here has read, and who is expected at the hospital."""
    return render_template("messages.html", body=Markup(_body()))


@page.get("/hospital/live")
@staff_only
def live() -> Response:
    """Answer the poll of the page, or of the messages about one patient on another page."""
    patient_id = request.args.get("patient")
    return polled(_about(patient_id, request.args) if patient_id else _body())


@page.post("/hospital/seen")
@staff_only
def seen() -> ResponseReturnValue:
    """Keep that what was shown was read; the hospital learns it."""
    actor = context.worker().staff.id
    messages.note_seen(context.store(), context.now(), request.form.getlist("item"), actor)
    patient_id, referral_id = request.form.get("patient"), request.form.get("referral")
    if referral_id:
        return redirect(url_for("referrals.one", referral_id=referral_id), 303)
    if "HX-Request" in request.headers:
        return _about(patient_id, request.form) if patient_id else _body()
    if patient_id:
        return redirect(url_for("history.show", patient_id=patient_id), 303)
    return redirect(url_for(".show"), 303)


def _body() -> str:
    store = context.store()
    names = {person.id: person.name for person in staff.members(store)}
    today = context.now().wall.astimezone().date()
    unread = messages.unread(store)
    more = messages.count_unread(store) - len(unread)
    return render_template(
        "messages_body.html",
        unread=[_named(message, names) for message in unread],
        more=t(N_("%(n)s more come when these are read."), n=count(more)) if more else None,
        coming=[_named(message, names) for message in messages.coming(store, today)],
    )


def _named(message: Message, names: dict[str, str]) -> MessageText:
    return worded(message, names, _patient(message.patient))


def _patient(patient_id: str | None) -> Patient | None:
    try:
        return register.get(context.store(), patient_id) if patient_id else None
    except NotFound:  # a message about somebody whose record has not come yet
        return None


def _about(patient_id: str, asked: Mapping[str, str]) -> str:
    patient = register.get(context.store(), patient_id)
    brief = bool(asked.get("brief"))
    return render_template("patient_messages.html", patient=patient, brief=brief)


@page.app_context_processor
def _helpers() -> dict[str, Callable[..., object]]:
    return {"unread_badge": _unread_badge}


def _unread_badge() -> Markup:
    unread = messages.count_unread(context.store())
    return count(unread) if unread else Markup("")
