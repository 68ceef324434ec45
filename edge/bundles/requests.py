"""Requests to write a bundle to a USB stick or to read one, and the sticks that are plugged in.

The kiosk has no keys and no right to a stick; the courier has both. A request is one row:

    asked --the courier begins--> under way --> done, or failed and why
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from edge.model.clock import Stamp
from edge.model.errors import ActionRefused
from edge.store.store import Row, Store


class What(StrEnum):
    """What can be done with a stick."""

    WRITE = "write"
    READ = "read"


class State(StrEnum):
    """How far a request got."""

    ASKED = "asked"
    UNDER_WAY = "under-way"
    DONE = "done"
    FAILED = "failed"


OPEN = (State.ASKED.value, State.UNDER_WAY.value)
INTERRUPTED = "interrupted"
"""Why a request failed that the courier had begun and did not end."""


@dataclass(frozen=True, slots=True)
class BundleOnStick:
    """A bundle on a stick: `way` up to the hospital or down to a box, `nonce` in hexadecimal.

    `ours` says whether it is from, or to, this box, `hospital_ours` the same of its hospital;
    `lanes` are the records from first to last. `whole` is False when it is cut off.
    """

    way: str
    box: str
    nonce: str
    made_ms: int
    size: int
    ours: bool
    hospital_ours: bool
    whole: bool
    files: int = 0
    lanes: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stick:
    """A stick: where it is mounted, what people call it, its free bytes and the bundles on it."""

    folder: str
    name: str
    free: int
    bundles: tuple[BundleOnStick, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """A request. `result` holds counts when it is done, `why` when it failed."""

    id: int
    what: What
    folder: str
    state: State
    asked_ms: int
    result: Mapping[str, object]


def show(store: Store, sticks: Sequence[Stick]) -> None:
    """Store which sticks are plugged in; nothing is written when that is stored already."""
    if list(sticks) == plugged(store):
        return
    with store.transaction():
        store.execute("DELETE FROM stick")
        for stick in sticks:
            bundles = json.dumps([asdict(h) for h in stick.bundles])
            values = (stick.folder, stick.name, stick.free, bundles)
            store.execute(
                "INSERT INTO stick (folder, name, free, held) VALUES (?, ?, ?, ?)", values
            )


def plugged(store: Store) -> list[Stick]:
    """Return the sticks that are plugged in, by folder."""
    return [
        Stick(
            r["folder"],
            r["name"],
            r["free"],
            tuple(BundleOnStick(**h) for h in json.loads(r["held"])),
        )
        for r in store.rows("SELECT * FROM stick ORDER BY folder")
    ]


def ask(store: Store, now: Stamp, what: What, folder: str, actor: str | None = None) -> None:
    """Ask for something; raises `ActionRefused` while a request is open, or without the stick."""
    with store.transaction():
        if folder not in {stick.folder for stick in plugged(store)}:
            raise ActionRefused("gone", "this stick is not there any more")
        if store.row("SELECT 1 FROM stick_request WHERE state IN (?, ?)", OPEN) is not None:
            raise ActionRefused("busy", "a stick is being written or read already")
        store.execute(
            "INSERT INTO stick_request (what, folder, actor, asked_ms, state)"
            " VALUES (?, ?, ?, ?, ?)",
            (what.value, folder, actor, now.wall_ms, State.ASKED.value),
        )


def wanted(store: Store) -> BundleRequest | None:
    """Return what somebody asked for and nobody has begun."""
    sql = "SELECT * FROM stick_request WHERE state = ? ORDER BY id LIMIT 1"
    row = store.row(sql, (State.ASKED.value,))
    return None if row is None else _request(row)


def latest(store: Store) -> BundleRequest | None:
    """Return the newest request."""
    row = store.row("SELECT * FROM stick_request ORDER BY id DESC LIMIT 1")
    return None if row is None else _request(row)


def begin(store: Store, request: BundleRequest) -> None:
    """Mark a request as being carried out."""
    _move(store, request.id, State.UNDER_WAY, {})


def end(store: Store, request: BundleRequest, result: Mapping[str, object]) -> None:
    """Store the result of a request; with `why` in `result` it failed."""
    _move(store, request.id, State.FAILED if "why" in result else State.DONE, result)


def break_off(store: Store) -> None:
    """Fail what a courier had begun that is no more: nobody knows how far it came."""
    begun = "SELECT 1 FROM stick_request WHERE state = ?"
    if store.row(begun, (State.UNDER_WAY.value,)) is None:
        return
    with store.transaction():
        store.execute(
            "UPDATE stick_request SET state = ?, told = ? WHERE state = ?",
            (State.FAILED.value, json.dumps({"why": INTERRUPTED}), State.UNDER_WAY.value),
        )


def _move(store: Store, number: int, state: State, result: Mapping[str, object]) -> None:
    with store.transaction():
        store.execute(
            "UPDATE stick_request SET state = ?, told = ? WHERE id = ?",
            (state.value, json.dumps(dict(result)), number),
        )


def _request(row: Row) -> BundleRequest:
    result = json.loads(row["told"])
    return BundleRequest(
        row["id"], What(row["what"]), row["folder"], State(row["state"]), row["asked_ms"], result
    )
