"""Serial ports for the technician: models recognised at unconfigured ports, and what was bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.equipment import serial_bindings
from edge.staff.staff import Role
from kiosk_ui import context
from kiosk_ui.guard import TechnicianOnly, staff_only
from web.polling import polled

page = Blueprint("serial_ports", __name__)

P = ParamSpec("P")

PAIR = 2
"""Hexadecimal digits of a byte."""


def technician_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view run only for a technician who is signed in."""

    @staff_only
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_technician():
            raise TechnicianOnly
        return view(*args, **kwargs)

    return guarded


def is_technician() -> bool:
    """Whether a technician is signed in."""
    signed_in = context.session()
    return signed_in is not None and signed_in.staff.role == Role.TECHNICIAN


@page.get("/serial-ports")
@technician_only
def show() -> str:
    """Show the cables."""
    return render_template("serial_ports.html", body=Markup(_body()))


@page.get("/serial-ports/live")
@technician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled(_body())


@page.post("/serial-ports/bind")
@technician_only
def bind() -> ResponseReturnValue:
    """Bind a model to a port; only what was recognised there is offered."""
    store, port, model = context.store(), request.form.get("port", ""), request.form.get("model")
    seen = next(
        (sighting for sighting in serial_bindings.sightings(store) if sighting.port == port), None
    )
    if seen is None or model not in seen.models:
        abort(400)
    serial_bindings.bind(store, context.now(), port, model, actor=context.worker().staff.id)
    return redirect(url_for(".show"), 303)


@page.post("/serial-ports/unbind")
@technician_only
def unbind() -> ResponseReturnValue:
    """Take a binding back."""
    port = request.form.get("port", "")
    serial_bindings.unbind(context.store(), context.now(), port, actor=context.worker().staff.id)
    return redirect(url_for(".show"), 303)


def _body() -> str:
    store = context.store()
    return render_template(
        "serial_ports_body.html",
        sightings=serial_bindings.sightings(store),
        bindings=serial_bindings.bindings(store),
        in_bytes=_in_bytes,
    )


def _in_bytes(tail: str) -> str:
    return " ".join(tail[at : at + PAIR] for at in range(0, len(tail), PAIR)).upper()


@page.app_context_processor
def _helpers() -> dict[str, object]:
    return {"is_technician": is_technician}
