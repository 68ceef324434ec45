"""The messages of the feed: ASK of the box, BATCH and CHUNK of the hospital.

Up, an ASK travels sealed in lane "h". Down, a BATCH or a CHUNK travels sealed on channel "f".
Each is the CBOR array `[type, field, ...]`, deflated (`sync.packing`) on its way down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from edge.model.feed_item import BUCKETS, Change, Item, Shadow
from sync.core import wire
from sync.core.messages import MAX_LANES, lane_name
from sync.core.wire import MessageError

ASK, BATCH, CHUNK = 16, 17, 18
MAX_ITEMS = 500
MAX_KEY = 200
_SUM_BYTES = 8


@dataclass(frozen=True, slots=True)
class Ask:
    """The box holds `epoch`, `ver`. `rest`: that is all it wants; `part`: it takes a snapshot."""

    epoch: int
    ver: int
    rest: bool = False
    part: Shadow | None = None


@dataclass(frozen=True, slots=True)
class Reflects:
    """The box's records, by lane, that the feed takes into account, numbered in `epoch`."""

    epoch: int
    lanes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed after `start` up to `end`; with `sums` and `reflects`, `end` is the newest."""

    epoch: int
    start: int
    end: int
    changes: tuple[Change, ...]
    sums: tuple[int, ...] | None = None
    reflects: Reflects | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a snapshot: the items after `at.after`, up to `next` (None: it is the last)."""

    at: Shadow
    items: tuple[Item, ...]
    next: str | None


FeedMessage = Batch | Chunk


def parts_of(message: Ask | FeedMessage) -> list[object]:
    """Return a message as the array that is encoded."""
    match message:
        case Ask(epoch, ver, rest, part):
            return [ASK, epoch, ver, rest, None if part is None else _place(part)]
        case Batch(epoch, start, end):
            rows = [[c.ver, c.entity, c.id, c.rev, c.body] for c in message.changes]
            reflects = message.reflects
            seen = None if reflects is None else [reflects.epoch, dict(reflects.lanes)]
            return [BATCH, epoch, start, end, rows, _packed(message.sums), seen]
        case Chunk(at, items, following):
            return [CHUNK, _place(at), [[i.entity, i.id, i.rev, i.body] for i in items], following]
        case _:
            assert_never(message)


def encode_ask(ask: Ask) -> bytes:
    """Return the payload of an ASK."""
    return wire.dump(parts_of(ask))


def is_ask(payload: bytes) -> bool:
    """Whether a payload of lane "h" claims to be an ASK; `decode_ask` judges it."""
    return payload[:2] == wire.dump([ASK, 0, 0, False, None])[:2]


def decode_ask(payload: bytes) -> Ask:
    """Read an ASK; raises `MessageError`."""
    kind, epoch, ver, rest, part = wire.load_array(payload, 5)
    if kind != ASK:
        raise MessageError(f"message {kind} is no ask")
    at = None if part is None else _shadow(part)
    return Ask(wire.drawn(epoch), wire.count(ver), wire.take(bool, rest), at)


def read(parts: Sequence[object]) -> FeedMessage:
    """Decode a message of channel "f"; raises `MessageError`."""
    match list(parts):
        case [kind, epoch, start, end, changes, sums, seen] if kind == BATCH:
            return _batch((epoch, start, end), changes, sums, seen)
        case [kind, at, items, following] if kind == CHUNK:
            after = None if following is None else wire.text(following, MAX_KEY)
            return Chunk(_shadow(at), tuple(_item(i) for i in _some(items)), after)
    raise MessageError("no message of the feed")


def _batch(span: tuple[object, ...], changes: object, sums: object, seen: object) -> Batch:
    epoch, (start, end) = wire.drawn(span[0]), map(wire.count, span[1:])
    rows = tuple(_change(c) for c in _some(changes))
    vers = [c.ver for c in rows]
    if start > end or vers != sorted(set(vers)) or any(not start < v <= end for v in vers):
        raise MessageError("a batch out of order")
    return Batch(epoch, start, end, rows, _unpacked(sums), _reflects(seen))


def _change(value: object) -> Change:
    ver, entity, item_id, rev, body = _exactly(value, 5)
    content = None if body is None else _body(body)
    return Change(wire.count(ver), _name(entity), _name(item_id), wire.count(rev), content)


def _item(value: object) -> Item:
    entity, item_id, rev, body = _exactly(value, 4)
    return Item(_name(entity), _name(item_id), wire.count(rev), _body(body))


def _body(value: object) -> dict[str, object]:
    body: dict[str, object] = wire.take(dict, value)
    _plain(body)
    return body


def _plain(value: object) -> None:
    """Refuse what canonical JSON cannot hold, so that applying an item never fails."""
    if isinstance(value, dict):
        if any(not isinstance(key, str) for key in value):
            raise MessageError("a body's keys are text")
        for inner in value.values():
            _plain(inner)
    elif isinstance(value, list):
        for inner in value:
            _plain(inner)
    elif value is not None and not isinstance(value, bool | int | str):
        raise MessageError(f"a body cannot hold {type(value).__name__}")


def _place(at: Shadow) -> list[object]:
    return [at.epoch, at.as_of, at.bucket, at.after]


def _shadow(value: object) -> Shadow:
    epoch, as_of, bucket, after = _exactly(value, 4)
    number = None if bucket is None else wire.count(bucket)
    if number is not None and number >= BUCKETS:
        raise MessageError(f"no bucket {number}")
    return Shadow(wire.drawn(epoch), wire.count(as_of), number, wire.text(after, MAX_KEY))


def _packed(sums: tuple[int, ...] | None) -> bytes | None:
    return None if sums is None else b"".join(s.to_bytes(_SUM_BYTES, "big") for s in sums)


def _unpacked(value: object) -> tuple[int, ...] | None:
    if value is None:
        return None
    data = wire.octets(value, BUCKETS * _SUM_BYTES)
    starts = range(0, len(data), _SUM_BYTES)
    return tuple(int.from_bytes(data[at : at + _SUM_BYTES], "big") for at in starts)


def _reflects(value: object) -> Reflects | None:
    if value is None:
        return None
    epoch, lanes = _exactly(value, 2)
    cums = wire.take(dict, lanes)
    if len(cums) > MAX_LANES:
        raise MessageError(f"{len(cums)} lanes")
    return Reflects(wire.count(epoch), {lane_name(k): wire.count(v) for k, v in cums.items()})


def _name(value: object) -> str:
    name = wire.text(value, MAX_KEY // 2 - 1)
    if not name or "/" in name:
        raise MessageError(f"{name!r} names no item")
    return name


def _some(value: object) -> list[object]:
    items: list[object] = wire.take(list, value)
    if len(items) > MAX_ITEMS:
        raise MessageError(f"{len(items)} items")
    return items


def _exactly(value: object, length: int) -> list[object]:
    items: list[object] = wire.take(list, value)
    if len(items) != length:
        raise MessageError(f"{length} items expected, got {len(items)}")
    return items
