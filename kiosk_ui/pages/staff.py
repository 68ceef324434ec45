"""Who works here, for the technician: somebody new, a new PIN, somebody who has left.

A PIN is typed twice on the pad. Between the two only its hash is in the page, which is worth
nothing without the box's pepper.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.staff import pins
from edge.staff import staff as people
from edge.staff.staff import LONGEST_NAME, Role, Staff
from kiosk_ui import context, typed_numbers
from kiosk_ui.pages.serial_ports import technician_only
from kiosk_ui.wording import N_, own_words, t

page = Blueprint("staff", __name__, url_prefix="/staff")

_ROLES = {Role.WORKER: N_("Health worker"), Role.TECHNICIAN: N_("Technician")}
_WRONG_PIN = {
    "format": N_("A PIN has six digits."),
    "trivial": N_("This PIN is too easy to guess. Choose another."),
}
_WRONG_NAME = {
    "required": N_("Please enter a name."),
    "too-long": N_("This is too long."),
}
_NEW = "somebody new"
"""Stands for the id of somebody who has none yet while the PIN is typed twice."""


@dataclass(frozen=True, slots=True)
class TypedPin:
    """A PIN that was typed twice, in ASCII digits."""

    digits: str


@page.get("")
@technician_only
def show() -> str:
    """Show who works here."""
    rows = [(person, t(_ROLES[person.role])) for person in people.members(context.store())]
    return render_template("staff.html", rows=rows)


@page.get("/new")
@technician_only
def new() -> str:
    """Show the form for somebody new."""
    return _form("", Role.WORKER, None)


@page.post("/new")
@technician_only
def add() -> ResponseReturnValue:
    """Take the name, then the PIN twice; let the person work here."""
    name = " ".join(request.form.get("name", "").split())
    role = request.form.get("role", "")
    if role not in _ROLES:
        abort(400)
    if not name or len(name) > LONGEST_NAME:
        kind = "too-long" if name else "required"
        return _form(name, Role(role), t(_WRONG_NAME[kind])), 422
    typed = _typed_twice(_NEW, name, role)
    if not isinstance(typed, TypedPin):
        return typed
    people.add(context.store(), context.now(), name, role, typed.digits, _pepper(), _actor())
    return redirect(url_for(".show"), 303)


@page.get("/<staff_id>")
@technician_only
def one(staff_id: str) -> str:
    """Show what can be done for one person."""
    person = people.get(context.store(), staff_id)
    return render_template("staff_one.html", person=person, own=person.id == _actor())


@page.get("/<staff_id>/pin")
@technician_only
def pin(staff_id: str) -> str:
    """Show the pad for a new PIN."""
    return _pad(people.get(context.store(), staff_id), "", None)


@page.post("/<staff_id>/pin")
@technician_only
def set_pin(staff_id: str) -> ResponseReturnValue:
    """Take the new PIN twice, then it counts and the old one does not."""
    person = people.get(context.store(), staff_id)
    typed = _typed_twice(person.id, person.name, person.role.value)
    if not isinstance(typed, TypedPin):
        return typed
    people.set_pin(context.store(), context.now(), person.id, typed.digits, _pepper(), _actor())
    return redirect(url_for(".show"), 303)


@page.post("/<staff_id>/leave")
@technician_only
def leave(staff_id: str) -> ResponseReturnValue:
    """Let somebody sign in no longer, after the question; nobody dismisses themselves."""
    person = people.get(context.store(), staff_id)
    if person.id == _actor():
        abort(400)
    if request.form.get("sure") != "yes":
        return render_template("staff_leave.html", person=person)
    people.dismiss(context.store(), context.now(), person.id, _actor())
    return redirect(url_for(".show"), 303)


def technicians(asking: Staff) -> list[str]:
    """Return the names of those who can give somebody a new PIN."""
    others = [one for one in people.members(context.store()) if one.id != asking.id]
    return [one.name for one in others if one.role is Role.TECHNICIAN]


def _typed_twice(staff_id: str, name: str, role: str) -> TypedPin | ResponseReturnValue:
    """Return the PIN that was typed twice, or the pad to type it (again)."""
    person = Staff(staff_id, name, Role(role))
    if "pin" not in request.form:
        return _pad(person, "", None)
    typed = typed_numbers.digits(request.form["pin"][:40])
    try:
        digits = pins.check_pin(typed)
    except InvalidForm as error:
        kind = error.fields["pin"]
        return _pad(person, "", t(_WRONG_PIN[kind])), 422
    first = request.form.get("first", "")
    if not first:
        return _pad(person, pins.hash_pin(staff_id, digits, _pepper()), None)
    if not pins.is_right(first, staff_id, digits, _pepper()):
        return _pad(person, "", t(N_("The two PINs differ. Begin again."))), 422
    return TypedPin(digits)


def _pad(person: Staff, first: str, wrong: Markup | None) -> str:
    return render_template(
        "staff_pin.html", person=person, new=person.id == _NEW, first=first, wrong=wrong
    )


def _form(name: str, role: Role, wrong: Markup | None) -> str:
    roles = [(one.value, t(words), one is role) for one, words in _ROLES.items()]
    return render_template("staff_new.html", name=name, roles=roles, wrong=wrong)


def _pepper() -> bytes:
    return people.load_pepper(context.settings().keys)


def _actor() -> str:
    return context.worker().staff.id


@page.app_context_processor
def _helpers() -> dict[str, object]:
    return {"technicians": technicians, "named": _named}


def _named(names: list[str]) -> Markup:
    return Markup(" · ").join(own_words(name) for name in names)
