"""Requests of a person to a device: the only thing that may start a blood pressure cuff.

A screen asks, the station takes the request and carries it out. A request is for a moment in front
of a patient: one that was not taken within `EXPIRES_S` is never carried out. Each is a journal
entry, so that it stays known who started what.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.store import journal
from edge.store.store import Store

KINDS = ("start-adult", "start-child", "start-newborn", "stop")
EXPIRES_S = 30

BUSY_S = 240
"""A request that was taken counts as being carried out for so long, unless it is done before."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `state` is "asked", "taken", "done" or "expired"; `detail` how it went."""

    entry: int
    device_id: str
    kind: str
    actor: str | None
    state: str
    detail: str = ""


def ask(store: Store, now: Stamp, device_id: str, kind: str, actor: str | None) -> int:
    """Ask a device for something; stopping replaces what waits. Return the journal entry.

    Raises `NotFound` for an unknown device, `ActionRefused` for a request that the device does not
    offer ("unknown") or while another one is under way ("busy").
    """
    device = store.row("SELECT requests FROM device WHERE id = ?", (device_id,))
    if device is None:
        raise NotFound(f"no device {device_id}")
    if kind not in KINDS or kind not in device["requests"].split():
        raise ActionRefused("unknown", f"{device_id} does not offer {kind!r}")
    with store.transaction():
        _expire(store, now)
        if kind == "stop":
            _close(store, device_id, "asked", "stopped before it began")
        elif _pending(store, device_id):
            raise ActionRefused("busy", "the device is already measuring")
        body = {"device": device_id, "request": kind}
        entry = journal.append(store, EntryKind.REQUEST, now, body, actor=actor)
        store.execute(
            "INSERT INTO request (entry, device_id, kind, actor, boot, t_ms, state)"
            " VALUES (?, ?, ?, ?, ?, ?, 'asked')",
            (entry, device_id, kind, actor, now.boot, now.t_ms),
        )
        return entry


def take(store: Store, now: Stamp) -> Request | None:
    """Return the oldest request that waits and mark it as taken; None when there is none.

    A request that is taken is carried out at most once, even when the station that took it ends.
    """
    if store.row("SELECT 1 FROM request WHERE state = 'asked'") is None:
        return None
    with store.transaction():
        _expire(store, now)
        row = store.row("SELECT * FROM request WHERE state = 'asked' ORDER BY entry LIMIT 1")
        if row is None:
            return None
        store.execute("UPDATE request SET state = 'taken' WHERE entry = ?", (row["entry"],))
    return Request(row["entry"], row["device_id"], row["kind"], row["actor"], "taken")


def done(store: Store, device_id: str, detail: str = "") -> None:
    """Mark a request as done, with its result."""
    if not _pending(store, device_id):
        return
    with store.transaction():
        _close(store, device_id, "taken", detail)


def abandon(store: Store) -> None:
    """Give up what a former station had taken: nobody carries it out any more."""
    with store.transaction():
        store.execute("UPDATE request SET state = 'expired' WHERE state = 'taken'")


def latest(store: Store, device_id: str) -> Request | None:
    """Return the last request to a device, or None."""
    row = store.row(
        "SELECT * FROM request WHERE device_id = ? ORDER BY entry DESC LIMIT 1", (device_id,)
    )
    if row is None:
        return None
    return Request(row["entry"], device_id, row["kind"], row["actor"], row["state"], row["detail"])


def _pending(store: Store, device_id: str) -> bool:
    found = "SELECT 1 FROM request WHERE device_id = ? AND state IN ('asked', 'taken')"
    return store.row(found, (device_id,)) is not None


def _close(store: Store, device_id: str, state: str, detail: str) -> None:
    store.execute(
        "UPDATE request SET state = 'done', detail = ? WHERE device_id = ? AND state = ?",
        (detail, device_id, state),
    )


def _expire(store: Store, now: Stamp) -> None:
    """Requests of a former boot, and those that nobody took or finished in time."""
    for state, after_s in (("asked", EXPIRES_S), ("taken", BUSY_S)):
        store.execute(
            "UPDATE request SET state = 'expired' WHERE state = ? AND (boot <> ? OR t_ms < ?)",
            (state, now.boot, now.t_ms - after_s * 1000),
        )
