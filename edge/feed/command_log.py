"""Signed commands of the hospital, each carried out once and answered in the journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from edge.model.clock import Stamp
from edge.model.command import Command
from edge.model.entry import EntryKind, canonical_json
from edge.store import journal
from edge.store.store import Store

UNKNOWN = "unknown"
"""The outcome of a command that this version does not understand; it is answered all the same."""


Handler = Callable[[Command], str]
"""Carries a command out and returns its outcome in a word; it may be asked twice for the same
command when the power fails in between, and runs inside the transaction that answers it."""


def carry_out(
    store: Store, now: Stamp, command: Command, handlers: Mapping[str, Handler]
) -> str | None:
    """Carry a command out and answer it, in one transaction; return its outcome.

    None: it was carried out before, or is older than one that was; then nothing happens. The
    caller has verified that the hospital signed it for this box.
    """
    with store.transaction():
        if command.counter <= last(store):
            return None
        handler = handlers.get(command.kind)
        outcome = UNKNOWN if handler is None else handler(command)
        body = {"command": command.id, "order": command.kind, "outcome": outcome}
        entry = journal.append(store, EntryKind.COMMAND, now, body)
        store.execute(
            "INSERT INTO command (id, counter, kind, body, entry) VALUES (?, ?, ?, ?, ?)",
            (command.id, command.counter, command.kind)
            + (canonical_json(command.body).decode("utf-8"), entry),
        )
    return outcome


def last(store: Store) -> int:
    """Return the counter of the last command that was answered, 0 when there was none."""
    return store.scalar("SELECT max(counter) FROM command")


def answered(store: Store) -> list[Command]:
    """Return the commands that were answered, in their order."""
    rows = store.rows("SELECT id, counter, kind, body FROM command ORDER BY counter")
    return [Command(r["id"], r["counter"], r["kind"], json.loads(r["body"])) for r in rows]
