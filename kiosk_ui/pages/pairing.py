"""Bluetooth pairing for the technician: devices that need a bond, one tap to make or renew it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.equipment import pairings
from edge.equipment.pairings import HIGHEST_PASSKEY, Pairing, State
from edge.model.errors import NotFound
from edge.store import issues
from edge.store.issues import Issue
from kiosk_ui import context, typed_numbers
from kiosk_ui.pages.serial_ports import technician_only
from kiosk_ui.sentences import issue_texts as sentences_issues
from kiosk_ui.wording import N_, ltr, t
from web.polling import polled

page = Blueprint("pairing", __name__)

_WANTED = {"not-paired": False, "not-added": False, "bond-stale": True}
"""The issues that a pairing ends, and whether the former bond has to go first."""

_UNDER_WAY = frozenset({State.ASKED, State.PAIRING, State.PASSKEY_WANTED})

_STATES = {
    State.ASKED: N_("Switch on the pairing mode of the device now."),
    State.PAIRING: N_("Pairing"),
    State.PASSKEY_WANTED: N_("The device wants its number."),
    State.PAIRED: N_("Paired."),
    State.FAILED: N_("Not paired. Check the pairing mode and the number, then try again."),
}


@dataclass(frozen=True, slots=True)
class PairingText:
    """How far one pairing got, in words."""

    address: str
    words: Markup
    wants_number: bool
    over: bool


@page.get("/pairing")
@technician_only
def show() -> str:
    """Show who wants a bond and how far each pairing got."""
    return render_template("pairing.html", body=Markup(_body()))


@page.get("/pairing/live")
@technician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled(_body())


@page.post("/pairing/ask")
@technician_only
def ask() -> ResponseReturnValue:
    """Ask the station to pair; only what wants a bond, or failed to get one, is offered."""
    store, address = context.store(), request.form.get("address", "")
    renews = {issue.detail: _WANTED[issue.kind] for issue in _wanting()}
    known = pairings.get(store, address)
    if address not in renews and (known is None or known.state is not State.FAILED):
        abort(400)
    actor, renew = context.worker().staff.id, renews.get(address, False)
    pairings.ask(store, context.now(), address, renew=renew, actor=actor)
    return redirect(url_for(".show"), 303)


@page.get("/pairing/<address>/number")
@technician_only
def number(address: str) -> str:
    """Show the field for the number that a device shows or has printed on it."""
    return render_template("pairing_number.html", address=address, wrong=None)


@page.post("/pairing/<address>/number")
@technician_only
def give(address: str) -> ResponseReturnValue:
    """Pass the number on to the station."""
    text = typed_numbers.digits(request.form.get("number", "")[:20]).strip()
    if not text.isascii() or not text.isdecimal() or int(text) > HIGHEST_PASSKEY:
        wrong = t(N_("This is no such number. It has six digits or fewer."))
        return render_template("pairing_number.html", address=address, wrong=wrong), 422
    try:
        pairings.give_passkey(context.store(), address, int(text))
    except NotFound:
        abort(404)
    return redirect(url_for(".show"), 303)


def _wanting() -> list[Issue]:
    return [issue for issue in issues.current(context.store()) if issue.kind in _WANTED]


def _body() -> str:
    asked = pairings.everything(context.store())
    busy = {pairing.address for pairing in asked if pairing.state in _UNDER_WAY}
    wanting = [issue for issue in _wanting() if issue.detail not in busy]
    return render_template(
        "pairing_body.html",
        wanting=[
            (issue.detail, sentences_issues.issue_sentence(issue), issue.kind == "not-added")
            for issue in wanting
        ],
        asked=[_text_of(pairing) for pairing in asked],
    )


def _text_of(pairing: Pairing) -> PairingText:
    words = t(_STATES[pairing.state])
    if pairing.shown:
        shown = ltr(pairing.shown)
        words = t(N_("Compare with the device, or type it there: %(n)s"), n=shown)
    wants = pairing.state is State.PASSKEY_WANTED
    return PairingText(pairing.address, words, wants, over=pairing.state not in _UNDER_WAY)
