"""`healthpost staff`: who may sign in at the kiosk."""

from __future__ import annotations

from pathlib import Path

import click

from edge.process.cli_secret import read_secret, secret_option
from edge.staff import pins
from edge.staff import staff as people
from edge.staff.staff import Role, Staff
from edge.store.store import Store
from provisioning.errors import InputError
from provisioning.output import open_box, say, speaks_json


@click.group()
def staff() -> None:
    """The people who may sign in at the kiosk."""


@staff.command("list")
@speaks_json
def staff_list(as_json: bool) -> None:
    """List who works here."""
    with open_box() as (_, store):
        rows = [_row(person) for person in people.members(store)]
    text = "\n".join(f"{row['name']}  {row['role']}  {row['staff']}" for row in rows)
    say({"staff": rows}, text or "Nobody works here yet: `healthpost staff add --name NAME`.",
        as_json)  # fmt: skip


@staff.command("add")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.WORKER.value)
@secret_option("pin", "the PIN")
@speaks_json
def staff_add(name: str, role: str, pin_file: Path | None, as_json: bool) -> None:
    """Add a person with a PIN of six digits."""
    with open_box() as (settings, store):
        pepper = people.load_pepper(settings.keys)
        pin = read_secret(pin_file, "pin", "the PIN")
        person = people.add(store, store.clock().now(), name, role, pin, pepper)
    say(_row(person), f"{person.name} may sign in.", as_json)


@staff.command("reset-pin")
@click.argument("name")
@secret_option("pin", "the new PIN")
@speaks_json
def staff_reset_pin(name: str, pin_file: Path | None, as_json: bool) -> None:
    """Give somebody a new PIN; who is signed in by the old one is signed out.

    NAME is a name or an id, as `healthpost staff list` prints them.
    """
    with open_box() as (settings, store):
        person = _named(store, name)
        pepper = people.load_pepper(settings.keys)
        pin = read_secret(pin_file, "pin", "the new PIN")
        people.set_pin(store, store.clock().now(), person.id, pin, pepper, None)
    say(_row(person), f"{person.name} has a new PIN.", as_json)


@staff.command("dismiss")
@click.argument("name")
@speaks_json
def staff_dismiss(name: str, as_json: bool) -> None:
    """Let somebody sign in no longer; what they recorded stays theirs.

    NAME is a name or an id, as `healthpost staff list` prints them.
    """
    with open_box() as (_, store):
        person = _named(store, name)
        people.dismiss(store, store.clock().now(), person.id, None)
    say(_row(person), f"{person.name} may not sign in any more.", as_json)


@staff.command("renew-pepper")
@click.option("--yes", is_flag=True, help="Do not ask.")
@speaks_json
def staff_renew_pepper(yes: bool, as_json: bool) -> None:
    """Make a new pepper where the old one is lost: everybody needs a new PIN afterwards."""
    with open_box() as (settings, store):
        question = "Every PIN is worth nothing afterwards. Go on?"
        if not yes and not click.confirm(question, err=True):
            raise InputError("not-confirmed", "nothing was changed; --yes answers the question")
        pins.renew_pepper(settings.keys)
        names = [person.name for person in people.members(store)]
    words = "The pepper is new."
    if names:
        words += f" Give a new PIN with `healthpost staff reset-pin NAME` to: {', '.join(names)}."
    say({"without_pin": names}, words, as_json)


def _row(person: Staff) -> dict[str, str]:
    return {"staff": person.id, "name": person.name, "role": person.role.value}


def _named(store: Store, name: str) -> Staff:
    """Find somebody by name or id; raises `InputError` unless exactly one is meant."""
    wanted = " ".join(name.split()).casefold()
    everybody = people.members(store)
    found = [p for p in everybody if wanted in (p.id.casefold(), p.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(person.id for person in found)
        raise InputError("ambiguous", f"{len(found)} people are named {name}: give an id of {ids}")
    names = ", ".join(person.name for person in everybody) or "nobody"
    raise InputError("unknown", f"nobody named {name} works here; who does: {names}")
