"""Reading both ends of a run into a history: the box through edge, the archive through its door."""

from __future__ import annotations

import json

from history import (
    BoxSide,
    FeedState,
    Frame,
    HospitalSide,
    LaneSide,
    Member,
    Row,
    Stream,
)

from edge.feed import replica
from edge.model.entry import Lane
from edge.model.feed_item import NOTHING, Item, sums, unsigned
from edge.store import issues, outbox
from edge.store.journal import LANES
from edge.store.store import Store
from hospital.archive import Archive, scalar

EVERYTHING = 10_000_000


def box_side(store: Store, name: str, clinic: str) -> BoxSide:
    """What a machine's file holds."""
    at = replica.cursor(store)
    counted = replica.sums(store)
    return BoxSide(
        name=name,
        box_id=store.box_id(),
        clinic=clinic,
        journal=tuple(records(store)),
        lanes=tuple(_lane(store, lane) for lane in LANES),
        link=outbox.ledger(store).link,
        complaints=frozenset(c.kind for c in issues.current(store)),
        feed=FeedState(at.epoch, at.ver, counted, counted),
    )


def records(store: Store) -> list[bytes]:
    """Every record of the journal, oldest first."""
    return [r["record"].encode() for r in store.rows("SELECT record FROM journal ORDER BY id")]


def hospital_side(archive: Archive) -> HospitalSide:
    """What the archive holds, at one moment."""
    with archive.transaction():
        return HospitalSide(
            generation=scalar(archive, "SELECT generation AS n FROM hospital"),
            records=_rows(archive),
            streams=tuple(
                Stream(r["box"], r["epoch"], r["lane"], r["cum"], bytes(r["chain"]))
                for r in archive.rows("SELECT * FROM stream ORDER BY box, epoch, lane")
            ),
            frames=tuple(
                Frame(r["box"], r["epoch"], r["lane"], r["first_seq"], r["n"], bool(r["unread"]))
                for r in archive.rows("SELECT * FROM raw_frame ORDER BY number")
            ),
            members=tuple(
                Member(r["id"], r["clinic"], r["standing"], r["epoch"])
                for r in archive.rows("SELECT * FROM box ORDER BY id")
            ),
            feeds=tuple(_feeds(archive)),
        )


def _lane(store: Store, lane: Lane) -> LaneSide:
    held = outbox.state(store, lane)
    queued = outbox.records(store, lane, 0, EVERYTHING)
    return LaneSide(
        lane=lane.value,
        epoch=held.epoch,
        base=held.base,
        base_chain=outbox.chain_at(store, lane, held.base) or b"",
        cum=held.cum,
        safe=held.safe,
        queued=tuple((q.seq, q.record, q.chain) for q in queued),
    )


def _rows(archive: Archive) -> tuple[Row, ...]:
    sql = "SELECT box, id, epoch, lane, seq, record FROM record ORDER BY box, epoch, lane, seq, id"
    return tuple(
        Row(r["box"], str(r["id"]), r["epoch"], r["lane"], r["seq"], bytes(r["record"]))
        for r in archive.rows(sql)
    )


def _feeds(archive: Archive) -> list[tuple[str, FeedState]]:
    epoch = scalar(archive, "SELECT epoch AS n FROM feed_epoch")
    found = []
    for head in archive.rows("SELECT clinic, ver FROM feed_head ORDER BY clinic"):
        kept = list(NOTHING)
        clinic = (head["clinic"],)
        for r in archive.rows("SELECT bucket, total FROM feed_sum WHERE clinic = ?", clinic):
            kept[r["bucket"]] = unsigned(r["total"])
        state = FeedState(epoch, head["ver"], tuple(kept), _counted(archive, head["clinic"]))
        found.append((head["clinic"], state))
    return found


def _counted(archive: Archive, clinic: str) -> tuple[int, ...]:
    sql = "SELECT entity, id, rev, body FROM feed WHERE clinic = ? AND op = 'put'"
    told = archive.rows(sql, (clinic,))
    return sums(Item(r["entity"], r["id"], r["rev"], json.loads(r["body"])) for r in told)
