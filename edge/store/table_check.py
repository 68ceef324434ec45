"""Compare what is shown with the journal: rows of readings and patients that nobody recorded so.

Only the journal is hashed. A row that another program has changed in the file is found by reading
the entries that it was derived from. It is told and stays as it is: which of the two is right, a
person has to say. Not compared: rows whose entries were pruned or are damaged themselves, alerts,
visits, and of somebody whom the hospital sends what is kept beside the columns.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from edge.model import patient_fields
from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind, Lane, content_id
from edge.model.feed_item import Entity
from edge.model.patient_fields import PATIENT_FIELDS
from edge.store import issues
from edge.store.journal import append
from edge.store.store import Row, Store

ISSUE, SUBJECT = "records-damaged", "shown"
BATCH = 1_000

_READINGS = (
    "SELECT r.entry AS at, r.entry, r.kind, r.source, r.patient_id, r.tray, r.device_id, j.record"
    " FROM reading r JOIN journal j ON j.id = r.entry WHERE r.entry > ? ORDER BY r.entry LIMIT ?"
)
_PATIENTS = (
    "SELECT p.row AS at, p.*, f.body AS sent FROM patient p LEFT JOIN feed_item f ON f.entity = ?"
    " AND f.id = p.id WHERE p.row > ? ORDER BY p.row LIMIT ?"
)
_ENTRIES = "SELECT id AS at, record FROM journal WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"

Found = frozenset[tuple[str, str]]
"""Rows by table and id."""

log = logging.getLogger(__name__)


def find(store: Store) -> Found:
    """Return the rows that differ; a row that somebody changes at this moment is looked at again.

    Reads only.
    """
    found = _look(store)
    return found & _look(store) if found else found


def check(store: Store, now: Stamp) -> int:
    """Look through all, note and tell what differs; return how many rows are new."""
    found = find(store)
    held = {(r["tab"], r["id"]) for r in store.rows("SELECT tab, id FROM differing")}
    if found == held:
        return 0
    with store.transaction():
        for row in held - found:
            store.execute("DELETE FROM differing WHERE tab = ? AND id = ?", row)
        for row in sorted(found - held):
            store.execute("INSERT INTO differing (tab, id) VALUES (?, ?)", row)
            log.error("the row %s of %s is not what was recorded", row[1], row[0])
        fresh = len(found - held)
        if fresh:
            append(store, EntryKind.STORE_FINDING, now, {"what": "damaged", "count": fresh})
        _update_issue(store, now)
    return fresh


def acknowledge(store: Store, now: Stamp) -> int:
    """Say that a person knows, in the caller's transaction; return of how many rows nobody had."""
    fresh = store.changed("UPDATE differing SET known = 1 WHERE known = 0")
    _update_issue(store, now)
    return fresh


def _look(store: Store) -> Found:
    known = _known(store)
    return frozenset(
        [("reading", i) for i in _readings(store, known)]
        + [("patient", i) for i in _patients(store, known)]
    )


def _known(store: Store) -> int:
    """Return the entry after which the journal is whole: none was pruned, none is damaged."""
    base = store.scalar("SELECT base_entry FROM stream WHERE lane = ?", (Lane.CLINICAL.value,))
    damaged = store.scalar(
        "SELECT max(d.entry) FROM damage d LEFT JOIN journal j ON j.id = d.entry"
        " WHERE j.kind IS NULL OR j.kind IN (?, ?, ?)",
        (EntryKind.CLAIM.value, EntryKind.PATIENT.value, EntryKind.READING.value),
    )
    return max(base, damaged)


def _readings(store: Store, known: int) -> list[str]:
    """Return the readings that differ; two equal records share their claims and are not judged."""
    claims: dict[str, list[Mapping[str, Any]]] = {}
    for _, entry in _entries(store, EntryKind.CLAIM, known):
        claims.setdefault(str(entry.body.get("reading")), []).append(entry.body)
    box, differ, times = store.box_id(), [], Counter[str]()
    for row in _rows(store, _READINGS, known):
        recorded = _parsed(row)
        if recorded is None:
            continue
        name = str(content_id(box, row["record"].encode("utf-8"))) if claims else ""
        if name in claims:
            times[name] += 1
        if _shown(row) != _recorded(recorded, claims.get(name, [])):
            differ.append((str(row["entry"]), name))
    return [entry for entry, name in differ if times[name] < 2]


def _rows(store: Store, sql: str, after: int, *values: object) -> Iterator[Row]:
    """Read rows by a growing number `at`, a stretch at a time."""
    while rows := store.rows(sql, (*values, after, BATCH)):
        after = rows[-1]["at"]
        yield from rows


def _shown(row: Row) -> tuple[object, ...]:
    struck = row["tray"] == "discarded"
    return row["kind"], row["source"], row["device_id"], row["patient_id"], struck


def _recorded(entry: Entry, claims: list[Mapping[str, Any]]) -> tuple[object, ...]:
    body = entry.body
    patient, struck = body.get("patient"), False
    for claim in claims:
        to, why = claim.get("patient"), claim.get("why")
        struck = why is not None and why != "somebody-else"
        patient = patient if struck else to
    return body.get("kind"), body.get("source"), body.get("device"), patient, struck


def _patients(store: Store, known: int) -> Iterator[str]:
    recorded: dict[str, dict[str, Any]] = {}
    for _, entry in _entries(store, EntryKind.PATIENT, known):
        patient, change = str(entry.body.get("patient")), entry.body.get("set")
        if not isinstance(change, dict):
            recorded[patient] = patient_fields.from_wire(entry.body)
        elif patient in recorded:
            recorded[patient] |= patient_fields.from_wire(change)
    pending = _pending(store)
    for row in _rows(store, _PATIENTS, 0, Entity.PATIENT.value):
        own = recorded.get(row["id"]) if not row["feed_rev"] else None
        if row["feed_rev"] and row["sent"] is not None:
            sent = patient_fields.from_wire(json.loads(row["sent"]))
            own = sent | pending.get(row["id"], {})
        if own is not None and not _is_same(row, own):
            yield row["id"]


def _pending(store: Store) -> dict[str, dict[str, Any]]:
    edits: dict[str, dict[str, Any]] = {}
    for row in store.rows("SELECT patient_id, fields FROM patient_edit ORDER BY entry"):
        edits[row["patient_id"]] = edits.get(row["patient_id"], {}) | json.loads(row["fields"])
    return edits


def _is_same(row: Row, said: Mapping[str, Any]) -> bool:
    held = patient_fields.arguments({f.name: _text(row[f.name]) for f in _COMPARED})
    right = patient_fields.arguments({f.name: _text(said.get(f.name)) for f in _COMPARED})
    return all((held[f.name] or "?") == (right[f.name] or "?") for f in _COMPARED)


_COMPARED = tuple(field for field in PATIENT_FIELDS if field.column)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _entries(store: Store, kind: EntryKind, known: int) -> Iterator[tuple[int, Entry]]:
    for row in _rows(store, _ENTRIES, known, kind.value):
        entry = _parsed(row)
        if entry is not None:
            yield row["at"], entry


def _parsed(row: Row) -> Entry | None:
    try:
        return Entry.parse(row["record"].encode("utf-8"))
    except (ValueError, AttributeError):
        return None  # damaged, and told as such


def _update_issue(store: Store, now: Stamp) -> None:
    unknown = store.scalar("SELECT count(*) FROM differing WHERE known = 0")
    if unknown:
        issues.note(store, now, ISSUE, SUBJECT, f"{unknown:,}")
    else:
        issues.clear(store, ISSUE, SUBJECT)
