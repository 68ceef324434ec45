"""Patients as the hospital knows them, with our own edits that it has not seen yet on top.

The hospital is the authority. An edit made here shows at once, is pending until the feed says
that it was taken into account, and then what the feed says holds: the edit itself, or the value
that a nurse has to decide about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from edge.model import patient_fields
from edge.model.entry import Lane
from edge.model.feed_item import Entity, Item, text_of
from edge.model.patient import PatientFields
from edge.model.patient_fields import COLUMNS, PATIENT_FIELDS
from edge.patients import name_index
from edge.store import outbox
from edge.store.store import Row, Store

_ITEM = "SELECT rev, body FROM feed_item WHERE entity = ? AND id = ?"


def note_edit(store: Store, entry: int, patient_id: str, fields: Mapping[str, object]) -> None:
    """Remember an edit as pending, inside the transaction that journals it."""
    store.execute(
        "INSERT INTO patient_edit (entry, patient_id, fields) VALUES (?, ?, ?)",
        (entry, patient_id, json.dumps(dict(fields), sort_keys=True)),
    )


def note_age_may_be_known(store: Store, patient_id: str) -> None:
    """Ask for the recent readings of a patient to be judged again (`edge.readings.alerts`).

    Inside the transaction that changed what is known of the patient.
    """
    store.execute("INSERT OR IGNORE INTO to_judge (patient_id) VALUES (?)", (patient_id,))


def pending(store: Store, patient_id: str) -> frozenset[str]:
    """Return the fields whose latest edit the hospital has not taken into account yet."""
    rows = store.rows("SELECT fields FROM patient_edit WHERE patient_id = ?", (patient_id,))
    return frozenset(name for row in rows for name in json.loads(row["fields"]))


def one_person(store: Store, patient_id: str) -> list[str]:
    """Return the ids of all records of a person, the one that replaced the others first."""
    row = store.row("SELECT replaced_by FROM patient WHERE id = ?", (patient_id,))
    kept = row["replaced_by"] if row is not None and row["replaced_by"] else patient_id
    rows = store.rows("SELECT id FROM patient WHERE replaced_by = ? ORDER BY row", (kept,))
    return [kept, *(r["id"] for r in rows)]


def disputed(store: Store, patient_id: str) -> dict[str, list[str]]:
    """Return the fields that a nurse at the hospital has to decide about, and the values."""
    row = store.row(_ITEM, (Entity.PATIENT.value, patient_id))
    review = json.loads(row["body"]).get("review") if row is not None else None
    if not isinstance(review, dict):
        return {}
    return {name: [str(v) for v in values] for name, values in sorted(review.items())}


def settle(store: Store, epoch: int, lanes: Mapping[str, int]) -> set[str]:
    """Forget edits that the feed reflects; return whose they were. Inside a transaction.

    A number of another epoch says nothing about the numbers of this one.
    """
    reflected = lanes.get(Lane.CLINICAL.value, 0)
    rows = store.rows(
        "SELECT entry, patient_id FROM patient_edit WHERE entry <= ?",
        (_reflected_to(store, epoch, reflected),),
    )
    for row in rows:
        store.execute("DELETE FROM patient_edit WHERE entry = ?", (row["entry"],))
    return {row["patient_id"] for row in rows}


def derive(store: Store, patient_ids: Iterable[str]) -> None:
    """Write anew what is shown of some patients; inside a transaction."""
    for patient_id in patient_ids:
        item = store.row(_ITEM, (Entity.PATIENT.value, patient_id))
        row = store.row("SELECT * FROM patient WHERE id = ?", (patient_id,))
        if item is None:
            _leave(store, row)
        else:
            _show(store, patient_id, item["rev"], json.loads(item["body"]), row)


def foresee(store: Store, item: Item) -> None:
    """Show somebody of a snapshot in progress whom this box does not know; in a transaction."""
    if store.row("SELECT 1 FROM patient WHERE id = ?", (item.id,)) is None:
        _show(store, item.id, item.rev, item.body, None)


def strays(store: Store) -> list[str]:
    """Return who was foreseen in a snapshot that came to nothing."""
    rows = store.rows(
        "SELECT id FROM patient WHERE feed_rev > 0 AND away = 0 AND id NOT IN"
        " (SELECT id FROM feed_item WHERE entity = ?)",
        (Entity.PATIENT.value,),
    )
    return [r["id"] for r in rows]


def _show(
    store: Store, patient_id: str, rev: int, body: Mapping[str, object], row: Row | None
) -> None:
    sent = {f.name: text_of(body, f.name) for f in PATIENT_FIELDS}
    texts = patient_fields.from_wire(sent) | _own(store, patient_id)
    name = texts["name"] or "?"
    fields = PatientFields(**patient_fields.arguments(texts | {"name": name}))
    values = patient_fields.to_columns(patient_fields.values_of(fields))
    replaced_by = text_of(body, "replaced_by")
    if row is None:
        number = store.execute(
            f"INSERT INTO patient (id, rev, {', '.join(COLUMNS)}, feed_rev, replaced_by)"
            f" VALUES (?, ?{', ?' * len(COLUMNS)}, ?, ?)",
            (patient_id, max(rev, 1), *values, rev, replaced_by),
        )
        name_index.put(store, number, name)
        return
    changed = values != tuple(row[column] for column in COLUMNS)
    if changed or row["replaced_by"] != replaced_by:
        note_age_may_be_known(store, patient_id)
    if not changed and (row["feed_rev"], row["replaced_by"], row["away"]) == (
        rev,
        replaced_by,
        0,
    ):
        return
    store.execute(
        f"UPDATE patient SET rev = rev + ?, {' = ?, '.join(COLUMNS)} = ?, feed_rev = ?,"
        " replaced_by = ?, away = 0 WHERE row = ?",
        (int(changed), *values, rev, replaced_by, row["row"]),
    )
    if name != row["name"]:
        name_index.put(store, row["row"], name)


def _own(store: Store, patient_id: str) -> dict[str, str | None]:
    """Return what pending edits say, the latest of each field."""
    rows = store.rows(
        "SELECT fields FROM patient_edit WHERE patient_id = ? ORDER BY entry", (patient_id,)
    )
    edited: dict[str, str | None] = {}
    for row in rows:
        edited |= json.loads(row["fields"])
    return edited


def _leave(store: Store, row: Row | None) -> None:
    """Stop finding somebody who belongs to this clinic no longer; what was done here stays.

    Somebody registered here whom the hospital has not heard of yet has not left.
    """
    if row is not None and row["feed_rev"]:
        store.execute("UPDATE patient SET away = 1 WHERE row = ?", (row["row"],))


def _reflected_to(store: Store, epoch: int, seq: int) -> int:
    """Return the journal entry up to which edits are settled: reflected in the feed, or pruned.

    By the order of a lane, in which entries only grow: a look for each edit would read the whole
    backlog of a long absence once an edit, while nobody else can write.
    """
    lane = Lane.CLINICAL
    stream = outbox.state(store, lane)
    if epoch == stream.epoch and seq > stream.base:
        return outbox.entry_at(store, lane, min(seq, stream.last))
    first = outbox.entry_at(store, lane, stream.base + 1)
    return first - 1 if first else store.journal_position()
