"""The box's replica of the hospital's feed for this clinic.

Items are kept as they came; what the screens search and show is derived from them in the same
transaction. Rows and cursor move together or not at all, so a power cut leaves the replica at
some version of the feed, never between two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from edge.model.entry import canonical_json
from edge.model.feed_item import (
    NOTHING,
    Change,
    Cursor,
    Entity,
    Item,
    Shadow,
    add,
    bucket_of,
    mark,
    signed,
    unsigned,
)
from edge.patients import edits
from edge.staff import roster
from edge.store.store import Row, Store

_COLUMNS = "entity, id, bucket, rev, mark, body"


def cursor(store: Store) -> Cursor:
    """Return how far the replica is."""
    row = store.row("SELECT epoch, ver FROM feed_cursor")
    return Cursor() if row is None else Cursor(row["epoch"], row["ver"])


def shadow(store: Store) -> Shadow | None:
    """Return the snapshot that is being taken, if there is one."""
    row = store.row("SELECT epoch, as_of, bucket, after FROM feed_snapshot")
    return None if row is None else Shadow(row["epoch"], row["as_of"], row["bucket"], row["after"])


def sums(store: Store) -> tuple[int, ...]:
    """Return the sum of each bucket, counted anew from the rows."""
    found = list(NOTHING)
    for row in store.rows("SELECT bucket, mark FROM feed_item"):
        found[row["bucket"]] = add(found[row["bucket"]], (unsigned(row["mark"]),))
    return tuple(found)


def items(store: Store, entity: Entity, patient_id: str | None = None) -> list[Item]:
    """Return the items of a kind, all of them or those about one patient."""
    sql = f"SELECT {_COLUMNS} FROM feed_item WHERE entity = ?"
    if patient_id is None:
        return [item_of(r) for r in store.rows(f"{sql} ORDER BY id", (entity.value,))]
    about = f"{sql} AND json_extract(body, '$.patient') = ? ORDER BY id"
    return [item_of(r) for r in store.rows(about, (entity.value, patient_id))]


def item_of(row: Row) -> Item:
    """Return the item that a row of `feed_item` holds."""
    return Item(row["entity"], row["id"], row["rev"], json.loads(row["body"]))


def apply(
    store: Store,
    changes: Sequence[Change],
    at: Cursor,
    reflects: tuple[int, Mapping[str, int]] | None = None,
) -> None:
    """Apply changes and move the cursor to `at`, in one durable transaction.

    `reflects` (stream epoch, last sequence by lane) says which of our own records the hospital
    had taken into account; edits among them are pending no longer.
    """
    with store.transaction():
        touched = {(c.entity, c.id) for c in changes}
        for change in changes:
            _change(store, change)
        if reflects is not None:
            own = edits.settle(store, *reflects)
            touched |= {(Entity.PATIENT.value, patient_id) for patient_id in own}
        _derive(store, touched)
        store.execute("UPDATE feed_cursor SET epoch = ?, ver = ?", (at.epoch, at.ver))


def keep(store: Store, at: Shadow, found: Sequence[Item], following: str | None) -> None:
    """Keep a piece of a snapshot beside the replica, in one durable transaction.

    People whom this box does not know at all can be found as soon as their piece is here; that
    spares the last one most of its work, during which nobody else can write.

    The first piece clears what was begun before. With the last one (`following` is None) the
    snapshot takes its place: of one bucket, or of everything and the cursor with it.
    """
    with store.transaction():
        if not at.after:
            _forget_shadow(store)
        for item in found:
            _put(store, "feed_shadow", item)
            if item.entity == Entity.PATIENT and at.bucket is None:
                edits.foresee(store, item)
        if following is None:
            _swap(store, at)
        else:
            store.execute(
                "INSERT INTO feed_snapshot (one, epoch, as_of, bucket, after)"
                " VALUES (1, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET after = excluded.after",
                (at.epoch, at.as_of, at.bucket, following),
            )


def _change(store: Store, change: Change) -> None:
    item = change.item
    if item is not None:
        _put(store, "feed_item", item)
    else:
        values = (change.entity, change.id)
        store.execute("DELETE FROM feed_item WHERE entity = ? AND id = ?", values)


def _put(store: Store, table: str, item: Item) -> None:
    store.execute(
        f"INSERT OR REPLACE INTO {table} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        (item.entity, item.id, bucket_of(item.entity, item.id), item.rev)
        + (signed(mark(item)), canonical_json(item.body).decode("utf-8")),
    )


def _swap(store: Store, at: Shadow) -> None:
    where = "" if at.bucket is None else f" WHERE bucket = {int(at.bucket)}"
    touched = _different(store, where)
    store.execute(f"DELETE FROM feed_item{where}")
    store.execute(
        f"INSERT OR REPLACE INTO feed_item ({_COLUMNS}) SELECT {_COLUMNS} FROM feed_shadow"
    )
    if at.bucket is None:
        touched |= {(Entity.PATIENT.value, patient_id) for patient_id in edits.strays(store)}
    _derive(store, touched)
    if at.bucket is None:
        store.execute("UPDATE feed_cursor SET epoch = ?, ver = ?", (at.epoch, at.as_of))
    _forget_shadow(store)


def _different(store: Store, where: str) -> set[tuple[str, str]]:
    """Return what the snapshot changes; everything else needs no work."""
    old = f"SELECT entity, id, mark FROM feed_item{where}"
    new = "SELECT entity, id, mark FROM feed_shadow"
    sql = (
        f"SELECT entity, id FROM (SELECT * FROM ({old}) EXCEPT SELECT * FROM ({new}))"
        f" UNION SELECT entity, id FROM (SELECT * FROM ({new}) EXCEPT SELECT * FROM ({old}))"
    )
    return {(r["entity"], r["id"]) for r in store.rows(sql)}


def _derive(store: Store, touched: set[tuple[str, str]]) -> None:
    """Write anew what is derived from items; the other kinds are read as they came."""
    of = {kind: sorted(i for entity, i in touched if entity == kind) for kind in Entity}
    edits.derive(store, of[Entity.PATIENT])
    roster.derive(store, of[Entity.STAFF])


def _forget_shadow(store: Store) -> None:
    store.execute("DELETE FROM feed_shadow")
    store.execute("DELETE FROM feed_snapshot")
