"""Field cases about commands, staff and what a technician does."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import CliRunner
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN, PIN, Desk

from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.staff.staff import SignedIn, Staff
from edge.store.store import Store
from provisioning.cli import main

NEW_PIN = "482913"


def verb(settings: Settings, *words: str, typed: str = "") -> int:
    """Run `healthpost` on the box of the kiosk; return its exit code."""
    if not settings.file.exists():
        text = f'[box]\nid = "{settings.box_id}"\nclinic = "Chak 12"\n'
        settings.file.write_text(text, encoding="utf-8")
    environment = {"HEALTHPOST_HOME": str(settings.home)}
    return CliRunner(env=environment).invoke(main, list(words), input=typed).exit_code


def forgotten_pin(store: Store, clock: Clock, settings: Settings, sana: Staff) -> None:
    """A technician sets a new PIN; nobody is entered a second time."""
    assert verb(settings, "staff", "reset-pin", sana.name, typed=NEW_PIN) == 0
    pepper = staff.load_pepper(settings.keys)
    assert isinstance(staff.sign_in(store, clock, pepper, sana.id, NEW_PIN), SignedIn)
    assert not isinstance(staff.sign_in(store, clock, pepper, sana.id, PIN), SignedIn)
    assert staff.members(store) == [sana]


def somebody_leaves(client: FlaskClient, store: Store, settings: Settings, sana: Staff) -> None:
    """One command, and the name is neither offered nor let in."""
    assert verb(settings, "staff", "dismiss", sana.name) == 0
    assert staff.members(store) == []
    assert sana.name not in client.get("/sign-in").text
    answer = client.post(f"/sign-in/{sana.id}", data={"pin": PIN}, headers=ORIGIN)
    assert answer.status_code == 404


def leaver_is_signed_out(desk: Desk, settings: Settings, sana: Staff) -> None:
    """Who is signed in when dismissed is out at the next touch."""
    assert desk.client.get("/patients").status_code == 200
    assert verb(settings, "staff", "dismiss", sana.name) == 0
    assert desk.client.get("/patients").status_code == 303


CASES: dict[str, Callable[..., None]] = {
    "FL12": forgotten_pin,
    "FL13": somebody_leaves,
    "leaver-signed-in": leaver_is_signed_out,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
