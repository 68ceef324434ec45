"""`healthpost devices pair`: the request, the number, the end in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from eventually import eventually_async

from edge.equipment import pairings
from edge.equipment.pairings import State
from edge.settings.box_settings import Settings
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.cli import main

METER = "C2:AC:C0:00:00:01"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A box's file, as the station would open it."""
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path))
    init_box(tmp_path, "Test")
    opened = Store.open(Settings.load(tmp_path).database)
    yield opened
    opened.close()


def invoke(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["devices", *arguments], input=typed)


def say(box: Store, state: State, **more: str) -> None:
    pairings.set_state(box, box.clock().now(), METER, state, **more)


async def test_a_number_is_asked_for_and_passed_on(box: Store) -> None:
    asking = asyncio.create_task(asyncio.to_thread(invoke, "pair", METER.lower(), typed="214365\n"))
    await eventually_async(lambda: pairings.get(box, METER))
    say(box, State.PASSKEY_WANTED)

    def number() -> int | None:
        asked = pairings.get(box, METER)
        return asked.passkey if asked else None

    assert await eventually_async(number) == 214365
    say(box, State.PAIRED)
    told = await asking
    assert told.exit_code == 0
    assert "is paired" in told.output


async def test_why_it_failed_is_said(box: Store) -> None:
    asking = asyncio.create_task(asyncio.to_thread(invoke, "pair", METER, "--json"))
    await eventually_async(lambda: pairings.get(box, METER))
    say(box, State.FAILED, detail="it refused")
    told = await asking
    assert told.exit_code == 1
    assert json.loads(told.output) == {
        "kind": "not_paired",
        "message": f"{METER} was not paired: it refused",
    }


def test_a_request_can_be_left_with_the_station_and_taken_back(box: Store) -> None:
    told = invoke("pair", METER, "--wait", "0", "--renew", "--passkey", "7", "--json")
    assert json.loads(told.output)["state"] == "asked"
    asked = pairings.get(box, METER)
    assert asked is not None
    assert (asked.renew, asked.passkey) == (True, 7)
    assert invoke("unpair", METER).exit_code == 0
    assert pairings.get(box, METER) is None
    assert invoke("unpair", METER).exit_code == 2


def test_without_a_station_it_says_so_in_time(box: Store) -> None:
    told = invoke("pair", METER, "--wait", "0.1")
    assert told.exit_code == 1
    assert "station" in told.output


@pytest.mark.usefixtures("box")
def test_an_address_that_is_none_is_refused() -> None:
    assert invoke("pair", "tomorrow").exit_code == 2
