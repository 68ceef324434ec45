"""Pairing of Bluetooth devices: a person asks for it here, the station carries it out.

Pairing is always a person's act. A row is one address and how far it got:

    asked --station takes it--> pairing --device wants a number--> passkey-wanted --given--> pairing
    pairing --> paired, or failed; `ask` again starts anew, also for a bond that the device forgot
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import NotFound
from edge.store import journal
from edge.store.store import Row, Store

HIGHEST_PASSKEY = 999_999


class State(StrEnum):
    """How far the pairing of an address got."""

    ASKED = "asked"
    PAIRING = "pairing"
    PASSKEY_WANTED = "passkey-wanted"
    PAIRED = "paired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pairing:
    """One address. `shown` is a number to compare with the device's display, or to type there.

    `renew` forgets the former bond first. `detail` says in English why it failed.
    """

    address: str
    state: State
    asked_ms: int
    passkey: int | None = None
    renew: bool = False
    shown: str = ""
    detail: str = ""


def ask(
    store: Store,
    now: Stamp,
    address: str,
    *,
    passkey: int | None = None,
    renew: bool = False,
    actor: str | None = None,
) -> None:
    """Ask the station to pair with an address when it advertises; journalled with its actor."""
    body: dict[str, object] = {"address": address, "state": State.ASKED.value}
    with store.transaction():
        journal.append(store, EntryKind.DEVICE, now, body, actor=actor)
        store.execute(
            "INSERT OR REPLACE INTO pairing (address, state, asked_ms, passkey, renew)"
            " VALUES (?, ?, ?, ?, ?)",
            (address, State.ASKED.value, now.wall_ms, passkey, int(renew)),
        )


def add(store: Store, now: Stamp, address: str, *, actor: str | None = None) -> None:
    """Say that a device which needs no bond belongs to this box; journalled with its actor."""
    ask(store, now, address, actor=actor)
    set_state(store, now, address, State.PAIRED)


def give_passkey(store: Store, address: str, passkey: int) -> None:
    """Give the number that the device shows or has printed on it; raises `NotFound`."""
    with store.transaction():
        sql = "UPDATE pairing SET passkey = ? WHERE address = ?"
        if not store.changed(sql, (passkey, address)):
            raise NotFound(f"nobody asked to pair with {address}")


def set_state(
    store: Store, now: Stamp, address: str, state: State, *, shown: str = "", detail: str = ""
) -> None:
    """Store how far it got; the end is journalled, the passkey is forgotten with it."""
    over = state in (State.PAIRED, State.FAILED)
    with store.transaction():
        store.execute(
            "UPDATE pairing SET state = ?, shown = ?, detail = ? WHERE address = ?",
            (state.value, shown, detail, address),
        )
        if over:
            store.execute(
                "UPDATE pairing SET passkey = NULL, renew = 0 WHERE address = ?", (address,)
            )
            body = {"address": address, "state": state.value}
            journal.append(store, EntryKind.DEVICE, now, body | ({"why": detail} if detail else {}))


def get(store: Store, address: str) -> Pairing | None:
    """Return how far the pairing of an address got, or None when nobody asked."""
    row = store.row("SELECT * FROM pairing WHERE address = ?", (address,))
    return None if row is None else _pairing(row)


def everything(store: Store) -> list[Pairing]:
    """Return every address that somebody asked for, the oldest first."""
    return [_pairing(r) for r in store.rows("SELECT * FROM pairing ORDER BY asked_ms, address")]


def forget(store: Store, address: str) -> None:
    """Take an address back: the station pairs with it no more and forgets that it was added."""
    with store.transaction():
        store.execute("DELETE FROM pairing WHERE address = ?", (address,))


def _pairing(row: Row) -> Pairing:
    return Pairing(
        row["address"],
        State(row["state"]),
        row["asked_ms"],
        row["passkey"],
        bool(row["renew"]),
        row["shown"],
        row["detail"],
    )
