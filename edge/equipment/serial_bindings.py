"""Serial ports that nobody configured: the models recognised there, and the one a technician bound.

A port is named by its key: the serial number of its USB adapter, else the place where it is
plugged in. A sighting is what the station sees this moment, raw bytes too; it is never journalled.
A binding is a person's word and stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.store import journal
from edge.store.store import Store

TAIL_BYTES = 64
"""As much of what came last is shown."""

MODELS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class UnboundPort:
    """A port without a binding: where it is, which models may be connected and the evidence.

    `models` are names of the catalogue, empty while nothing was recognised; `tail` are the last
    bytes in hexadecimal.
    """

    port: str
    path: str
    models: tuple[str, ...] = ()
    evidence: str = ""
    tail: str = ""
    seen_ms: int = 0


def sighted(store: Store, now: Stamp, seen: UnboundPort) -> None:
    """Keep what was seen at a port, in place of what was seen there before."""
    models = "|".join(seen.models[:MODELS_LIMIT])
    with store.transaction():
        store.execute(
            "INSERT INTO sighting (port, path, model, evidence, tail, seen_ms)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (port) DO UPDATE SET path = excluded.path,"
            " model = excluded.model, evidence = excluded.evidence, tail = excluded.tail,"
            " seen_ms = excluded.seen_ms",
            (seen.port, seen.path, models, seen.evidence, seen.tail[-2 * TAIL_BYTES :])
            + (now.wall_ms,),
        )


def gone(store: Store, port: str) -> None:
    """Forget what was seen at a port."""
    with store.transaction():
        store.execute("DELETE FROM sighting WHERE port = ?", (port,))


def sightings(store: Store) -> list[UnboundPort]:
    """Return the ports without a binding."""
    rows = store.rows(
        "SELECT * FROM sighting WHERE port NOT IN (SELECT port FROM binding) ORDER BY path"
    )
    return [
        UnboundPort(
            port=row["port"],
            path=row["path"],
            models=tuple(filter(None, row["model"].split("|"))),
            evidence=row["evidence"],
            tail=row["tail"],
            seen_ms=row["seen_ms"],
        )
        for row in rows
    ]


def forget_all(store: Store) -> None:
    """Forget all sightings: a new station looks for itself."""
    with store.transaction():
        store.execute("DELETE FROM sighting")


def bind(store: Store, now: Stamp, port: str, model: str, *, actor: str | None) -> None:
    """Bind a model to a port, in place of an earlier binding."""
    with store.transaction():
        body = {"port": port, "model": model}
        entry = journal.append(store, EntryKind.BINDING, now, body, actor=actor)
        store.execute(
            "INSERT INTO binding (port, model, entry) VALUES (?, ?, ?) ON CONFLICT (port)"
            " DO UPDATE SET model = excluded.model, entry = excluded.entry",
            (port, model, entry),
        )


def unbind(store: Store, now: Stamp, port: str, *, actor: str | None) -> None:
    """Take a binding back; nothing happens when there is none."""
    if store.row("SELECT 1 FROM binding WHERE port = ?", (port,)) is None:
        return
    with store.transaction():
        body = {"port": port, "model": None}
        journal.append(store, EntryKind.BINDING, now, body, actor=actor)
        store.execute("DELETE FROM binding WHERE port = ?", (port,))


def bindings(store: Store) -> dict[str, str]:
    """Return the model of each bound port."""
    rows = store.rows("SELECT port, model FROM binding ORDER BY port")
    return {row["port"]: row["model"] for row in rows}
