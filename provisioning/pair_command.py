"""`healthpost devices pair`: add a Bluetooth device to this box, with a person beside it."""

from __future__ import annotations

import re
import time

import click

from edge.equipment import pairings
from edge.equipment.pairings import HIGHEST_PASSKEY, Pairing, State
from edge.store.store import Store
from provisioning.errors import CommandFailed, InputError
from provisioning.output import open_box, say, speaks_json

LOOK_S = 0.3
_ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_WORDS = {
    State.ASKED: "Switch on the device's pairing mode now; waiting until it is heard.",
    State.PAIRING: "Pairing.",
    State.PASSKEY_WANTED: "It wants the number that it shows, or that is printed on it.",
}


@click.command()
@click.argument("address", metavar="BLE-ADDRESS")
@click.option("--passkey", type=click.IntRange(0, HIGHEST_PASSKEY), help="Its number, if known.")
@click.option("--renew", is_flag=True, help="Forget the bond first: the device has forgotten it.")
@click.option("--wait", type=click.FloatRange(0), default=300.0, show_default=True, metavar="S")
@speaks_json
def pair(address: str, passkey: int | None, renew: bool, wait: float, as_json: bool) -> None:
    """Pair with the device at BLE-ADDRESS; the station does it as soon as it hears it.

    Devices that need no bond (scales that broadcast) are added the same way. With --wait 0 the
    request is left with the station. With --json nobody is asked for a number: give --passkey.
    """
    address = address.upper()
    if not _ADDRESS.fullmatch(address):
        raise InputError("bad_address", f"{address!r} is no address like C2:09:1F:1A:2B:3C")
    with open_box() as (_, store):
        pairings.ask(store, store.clock().now(), address, passkey=passkey, renew=renew)
        state, shown = State.ASKED, ""
        if wait:
            ended = _ended(store, address, wait, as_json)
            state, shown = ended.state, ended.shown
    words = f"{address} is paired." if state is State.PAIRED else f"Asked to pair with {address}."
    say({"address": address, "state": state.value, "shown": shown}, words, as_json)


@click.command()
@click.argument("address", metavar="BLE-ADDRESS")
@speaks_json
def unpair(address: str, as_json: bool) -> None:
    """Take back that BLE-ADDRESS belongs to this box: a broadcasting scale is heard no more."""
    address = address.upper()
    with open_box() as (_, store):
        if pairings.get(store, address) is None:
            raise InputError("unknown_device", f"nobody asked to pair with {address}")
        pairings.forget(store, address)
    say({"address": address}, f"{address} does not belong to this box any more.", as_json)


def _ended(store: Store, address: str, wait_s: float, as_json: bool) -> Pairing:
    """Follow the station until it is over; raises `CommandFailed` in its words, or in time."""
    until_s = time.monotonic() + wait_s
    printed = ""
    while time.monotonic() < until_s:
        now = pairings.get(store, address)
        if now is None:
            raise CommandFailed("taken_back", f"somebody took the request for {address} back")
        if now.state is State.PAIRED:
            return now
        if now.state is State.FAILED:
            raise CommandFailed("not_paired", f"{address} was not paired: {now.detail}")
        words = now.shown and f"Compare, or type on the device: {now.shown}"
        printed = _print_new(words or _WORDS[now.state], printed, as_json)
        if now.state is State.PASSKEY_WANTED and not as_json:
            number = click.prompt("Number", type=click.IntRange(0, HIGHEST_PASSKEY), err=True)
            pairings.give_passkey(store, address, number)
        time.sleep(LOOK_S)
    raise CommandFailed(
        "not_heard", f"{address} was not paired in {wait_s:.0f} s; is the station running?"
    )


def _print_new(words: str, printed: str, as_json: bool) -> str:
    if words != printed and not as_json:
        click.echo(words, err=True)
    return words
