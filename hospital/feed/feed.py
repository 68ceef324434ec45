"""The versioned feed of each clinic, kept as the newest state of each item.

A version comes from the clinic's own row, locked in the transaction that writes: versions are
committed in their order and without gaps. Locks are taken in one order everywhere (box, then
feed, then patient), so that boxes and the desk never wait for one another in a circle.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.entry import Body, canonical_json
from edge.model.feed_item import NOTHING, Change, Item, add, bucket_of, mark, signed, unsigned
from hospital.archive import Archive, Row, row, scalar
from sync.core.feed import Head

PUT, REMOVE = "put", "remove"
KEPT_REMOVALS = 5_000
"""So many removals a clinic's feed remembers; a box that is further behind takes a snapshot."""

_EPOCH_BITS = 62
_EPOCH = "SELECT generation, epoch FROM feed_epoch"


@dataclass(frozen=True, slots=True)
class ClinicFeed:
    """A clinic's feed as `sync.core.feed` asks for it; use it inside one transaction."""

    archive: Archive
    clinic: str
    now: Head

    def head(self) -> Head:
        """Return where the feed is."""
        return self.now

    def since(self, ver: int, limit: int) -> Sequence[Change]:
        """Return changes after `ver`, in their order."""
        rows = self.archive.rows(
            "SELECT * FROM feed WHERE clinic = ? AND ver > ? ORDER BY ver LIMIT ?",
            (self.clinic, ver, limit),
        )
        return [Change(r["ver"], r["entity"], r["id"], r["rev"], _body(r)) for r in rows]

    def scan(self, bucket: int | None, after: str, limit: int) -> Sequence[Item]:
        """Return what is there after a key, of one bucket or of all."""
        entity, _, item_id = after.partition("/")
        where = "" if bucket is None else f" AND bucket = {int(bucket)}"
        rows = self.archive.rows(
            f"SELECT * FROM feed WHERE clinic = ?{where} AND op = ? AND (entity, id) > (?, ?)"
            " ORDER BY entity, id LIMIT ?",
            (self.clinic, PUT, entity, item_id, limit),
        )
        return [_item(r) for r in rows]

    def sums(self) -> tuple[int, ...]:
        """Return the sum of every bucket."""
        found = list(NOTHING)
        for r in self.archive.rows("SELECT * FROM feed_sum WHERE clinic = ?", (self.clinic,)):
            found[r["bucket"]] = unsigned(r["total"])
        return tuple(found)


def lock(archive: Archive, clinic: str) -> ClinicFeed:
    """Lock a clinic's feed until the transaction ends: no version is given to anybody else."""
    archive.execute("INSERT INTO feed_head (clinic) VALUES (?) ON CONFLICT DO NOTHING", (clinic,))
    head = row(
        archive,
        "SELECT ver, floor FROM feed_head WHERE clinic = ?" + archive.for_update,
        (clinic,),
    )
    if head is None:
        raise LookupError(f"no feed of {clinic}")
    return ClinicFeed(archive, clinic, Head(epoch(archive), head["ver"], head["floor"]))


def put(archive: Archive, clinic: str, item: Item) -> int:
    """Put an item into a clinic's feed; return the version. Inside a transaction."""
    ver = _next(archive, clinic)
    _take_out(archive, clinic, item.entity, item.id)
    bucket, item_mark = bucket_of(item.entity, item.id), mark(item)
    _write(archive, clinic, Change(ver, item.entity, item.id, item.rev, item.body))
    _sum(archive, clinic, bucket, item_mark)
    return ver


def remove(archive: Archive, clinic: str, entity: str, item_id: str) -> int | None:
    """Remove an item from a clinic's feed; return the version. In a transaction."""
    item = get(archive, clinic, entity, item_id)
    if item is None:
        return None
    ver = _next(archive, clinic)
    _take_out(archive, clinic, entity, item_id)
    _write(archive, clinic, Change(ver, entity, item_id, item.rev, None))
    return ver


def get(archive: Archive, clinic: str, entity: str, item_id: str) -> Item | None:
    """Return an item as it is in the clinic's feed, None when it is not there."""
    sql = "SELECT * FROM feed WHERE clinic = ? AND entity = ? AND id = ? AND op = ?"
    found = row(archive, sql, (clinic, entity, item_id, PUT))
    return None if found is None else _item(found)


def compact(archive: Archive, clinic: str, keep: int = KEPT_REMOVALS) -> int:
    """Forget all but the newest removals; return the floor below which snapshots are needed."""
    with archive.transaction():
        head = lock(archive, clinic).now
        gone = archive.rows(
            "SELECT ver FROM feed WHERE clinic = ? AND op = ? ORDER BY ver DESC LIMIT 1 OFFSET ?",
            (clinic, REMOVE, keep),
        )
        if not gone:
            return head.floor
        floor = int(gone[0]["ver"])
        sql = "DELETE FROM feed WHERE clinic = ? AND op = ? AND ver <= ?"
        archive.execute(sql, (clinic, REMOVE, floor))
        archive.execute("UPDATE feed_head SET floor = ? WHERE clinic = ?", (floor, clinic))
    return floor


def epoch(archive: Archive) -> int:
    """Return the number that every feed bears until the archive is restored from a backup.

    Drawn at random for each generation: an archive that is restored twice from one backup counts
    to the same generation twice, and the boxes must see two different pasts. In a transaction.
    """
    wanted = scalar(archive, "SELECT generation AS n FROM hospital")
    stored = row(archive, _EPOCH)
    if stored is not None and stored["generation"] == wanted:
        return int(stored["epoch"])
    archive.rows("SELECT generation FROM hospital" + archive.for_update)  # one of us draws
    stored = row(archive, _EPOCH)
    if stored is not None and stored["generation"] == wanted:
        return int(stored["epoch"])
    drawn = secrets.randbits(_EPOCH_BITS) + 1
    archive.execute(
        "INSERT INTO feed_epoch (one, generation, epoch) VALUES (1, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET generation = excluded.generation,"
        " epoch = excluded.epoch",
        (wanted, drawn),
    )
    return drawn


def _next(archive: Archive, clinic: str) -> int:
    ver = lock(archive, clinic).now.ver + 1
    archive.execute("UPDATE feed_head SET ver = ? WHERE clinic = ?", (ver, clinic))
    return ver


def _write(archive: Archive, clinic: str, change: Change) -> None:
    op = REMOVE if change.body is None else PUT
    body = "" if change.body is None else canonical_json(change.body).decode("utf-8")
    archive.execute(
        "INSERT INTO feed (clinic, entity, id, bucket, ver, rev, op, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (clinic, entity, id) DO UPDATE SET"
        " ver = excluded.ver, rev = excluded.rev, op = excluded.op, body = excluded.body",
        (clinic, change.entity, change.id, bucket_of(change.entity, change.id))
        + (change.ver, change.rev, op, body),
    )


def _take_out(archive: Archive, clinic: str, entity: str, item_id: str) -> None:
    item = get(archive, clinic, entity, item_id)
    if item is not None:
        _sum(archive, clinic, bucket_of(entity, item_id), -mark(item))


def _sum(archive: Archive, clinic: str, bucket: int, by: int) -> None:
    sql = "SELECT total FROM feed_sum WHERE clinic = ? AND bucket = ?"
    stored = row(archive, sql, (clinic, bucket))
    total = 0 if stored is None else unsigned(stored["total"])
    archive.execute(
        "INSERT INTO feed_sum (clinic, bucket, total) VALUES (?, ?, ?)"
        " ON CONFLICT (clinic, bucket) DO UPDATE SET total = excluded.total",
        (clinic, bucket, signed(add(total, (by,)))),
    )


def _item(r: Row) -> Item:
    return Item(r["entity"], r["id"], r["rev"], json.loads(r["body"]))


def _body(r: Row) -> Body | None:
    body: Body | None = json.loads(r["body"]) if r["op"] == PUT else None
    return body
