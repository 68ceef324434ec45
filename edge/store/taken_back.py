"""Taking an entry back: somebody said that it was a mistake, and nothing is concluded from it.

The entry stays in the journal and in its table, marked by the entry that took it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.store import journal
from edge.store.store import Store

TABLES: Final[Mapping[str, str]] = {
    EntryKind.MEDICINE.value: "medicine",
    EntryKind.PROGRAMME.value: "programme_entry",
    EntryKind.APPOINTMENT.value: "appointment_entry",
    EntryKind.CALL.value: "call_entry",
    EntryKind.IMMUNIZATION.value: "immunization",
    EntryKind.FRIDGE.value: "fridge_reading",
    EntryKind.STOCK.value: "stock_entry",
    EntryKind.REFERRAL.value: "referral",
    EntryKind.NOTIFICATION.value: "notification",
}
"""The kinds whose entries can be taken back, and the box's table of each.

Each table has the columns `entry` and `taken_back` (REFERENCES journal (id), with an index).
"""


def take_back(store: Store, now: Stamp, entry: int, why: str, *, actor: str | None) -> int:
    """Say that an entry was a mistake; return the entry that says so.

    Taking it back again changes nothing. Raises `NotFound`, and `ActionRefused`
    ("cannot-be-taken-back") for an entry of another kind.
    """
    with store.transaction():
        taken = journal.read(store, entry)
        if taken is None:
            raise NotFound(f"no entry {entry}")
        table = TABLES.get(taken.kind)
        if table is None:
            raise ActionRefused("cannot-be-taken-back", f"a {taken.kind} cannot be taken back")
        row = store.row(f"SELECT taken_back FROM {table} WHERE entry = ?", (entry,))
        if row is None:
            raise NotFound(f"no {taken.kind} {entry}")
        if row["taken_back"] is not None:
            return int(row["taken_back"])
        body: dict[str, object] = {
            "entry": journal.identity(store, entry),
            "kind": taken.kind,
            "patient": taken.body.get("patient"),
            "day": taken.body.get("day", _day(now).isoformat()),
            "why": why.strip() or None,
        }
        given = {key: value for key, value in body.items() if value is not None}
        said = journal.append(store, EntryKind.TAKEN_BACK, now, given, actor=actor)
        store.execute(f"UPDATE {table} SET taken_back = ? WHERE entry = ?", (said, entry))
    return said


def _day(now: Stamp) -> date:
    return now.wall.astimezone().date()
