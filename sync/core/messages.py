"""The control messages of CS/1: HELLO, WELCOME, RECEIPT, FENCE, NACK; how they are encoded.

A message is the CBOR array `[type, field, ...]`, fields in the order of the class. Up it travels
sealed in lane "h"; down it travels signed (`sync.frames.envelope.sign_down`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from edge.model.entry import GENESIS
from sync.core import wire
from sync.core.wire import MessageError

PROTOCOL = 1
NONCE_BYTES = 8
CHAIN_BYTES = 16
MAX_LANES = 8

REVOKED = "revoked"
QUARANTINED = "quarantined"
REPLACED = "replaced"
UNSUPPORTED = "unsupported protocol"
STALE_EPOCH = "stale epoch"
FORKED = "fork"

STALE_SESSION = "stale session"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What the box holds of a lane: pruned up to `base`, confirmed to `cum`, numbered to `last`."""

    base: int
    cum: int
    last: int


@dataclass(frozen=True, slots=True)
class Position:
    """Custody of a lane as the hospital states it: received to `cum`, backed up to `safe`."""

    cum: int = 0
    chain: bytes = GENESIS
    safe: int = 0
    safe_chain: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Hello:
    """The box opens a session; `fork` asks for a new epoch because the chains disagree.

    `about` is shown on the fleet page: software version, free disk, clock quality.
    """

    epoch: int
    nonce: bytes
    lanes: Mapping[str, LaneReport]
    fork: bool = False
    protocols: tuple[int, int] = (PROTOCOL, PROTOCOL)
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The hospital admits the session; `utc_ms` is its clock when it wrote this."""

    nonce: bytes
    epoch: int
    lanes: Mapping[str, Position]
    utc_ms: int
    generation: int = 0
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hospital has committed lane `lane` up to `at.cum`; `gap` asks to go back to there."""

    nonce: bytes
    epoch: int
    lane: str
    at: Position
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Fence:
    """This epoch is over: continue as `epoch`. Epoch 0: the box is shut out, and why."""

    nonce: bytes
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Nack:
    """A frame was refused: its session is over, or it could not be read ("row by row, please")."""

    nonce: bytes
    lane: str
    first_seq: int
    n: int
    reason: str


Message = Hello | Welcome | Receipt | Fence | Nack
DownMessage = Welcome | Receipt | Fence | Nack


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    match message:
        case Hello():
            lanes = {k: [r.base, r.cum, r.last] for k, r in message.lanes.items()}
            fields = [1, list(message.protocols), message.epoch, message.nonce, lanes]
            return wire.dump([*fields, message.fork, dict(message.about)])
        case Welcome():
            places = {k: _place(p) for k, p in message.lanes.items()}
            fields = [2, message.protocol, message.nonce, message.epoch, places]
            return wire.dump([*fields, message.utc_ms, message.generation])
        case Receipt():
            head = [3, message.nonce, message.epoch, message.lane]
            return wire.dump([*head, _place(message.at), message.gap])
        case Fence():
            return wire.dump([4, message.nonce, message.epoch, message.reason])
        case Nack():
            head = [5, message.nonce, message.lane]
            return wire.dump([*head, message.first_seq, message.n, message.reason])
        case _:
            assert_never(message)


def decode(data: bytes) -> Message:
    """Read a message; raises `MessageError`."""
    items = wire.load_array(data, 4, 6, 7)
    reader = _READERS.get((wire.count(items[0]), len(items)))
    if reader is None:
        raise MessageError(f"no message of type {items[0]} with {len(items)} fields")
    return reader(items)


def decode_down(data: bytes) -> DownMessage:
    """Read a message that the hospital may send; raises `MessageError`."""
    message = decode(data)
    if isinstance(message, Hello):
        raise MessageError("a HELLO never comes down")
    return message


def lane_name(value: object) -> str:
    """Return a lane's one-letter name; raises `MessageError`."""
    name = wire.text(value, 1)
    if not ("a" <= name <= "z"):
        raise MessageError(f"{name!r} is no lane")
    return name


def _place(p: Position) -> list[object]:
    return [p.cum, p.chain, p.safe, p.safe_chain]


def _position(value: object) -> Position:
    items = _list(value, 4)
    cum, safe = wire.count(items[0]), wire.count(items[2])
    if safe > cum:
        raise MessageError(f"safe {safe} beyond cum {cum}")
    chains = wire.octets(items[1], CHAIN_BYTES), wire.octets(items[3], CHAIN_BYTES)
    return Position(cum, chains[0], safe, chains[1])


def _hello(items: list[object]) -> Hello:
    low, high = (wire.count(v) for v in _list(items[1], 2))
    about = wire.take(dict, items[6])
    if len(about) > 16:
        raise MessageError("too much said about the box")
    return Hello(
        epoch=wire.count(items[2]),
        nonce=wire.octets(items[3], NONCE_BYTES),
        lanes={lane_name(k): _report(v) for k, v in _lanes(items[4]).items()},
        fork=wire.take(bool, items[5]),
        protocols=(low, high),
        about={wire.text(k, 32): wire.text(v) for k, v in about.items()},
    )


def _report(value: object) -> LaneReport:
    base, cum, last = (wire.count(v) for v in _list(value, 3))
    return LaneReport(base, cum, last)


def _welcome(items: list[object]) -> Welcome:
    return Welcome(
        nonce=wire.octets(items[2], NONCE_BYTES),
        epoch=wire.count(items[3]),
        lanes={lane_name(k): _position(v) for k, v in _lanes(items[4]).items()},
        utc_ms=wire.moment(items[5]),
        generation=wire.count(items[6]),
        protocol=wire.count(items[1]),
    )


def _receipt(items: list[object]) -> Receipt:
    nonce, epoch = wire.octets(items[1], NONCE_BYTES), wire.count(items[2])
    gap = wire.take(bool, items[5])
    return Receipt(nonce, epoch, lane_name(items[3]), _position(items[4]), gap)


def _fence(items: list[object]) -> Fence:
    nonce = wire.octets(items[1], NONCE_BYTES)
    return Fence(nonce, wire.count(items[2]), wire.text(items[3]))


def _nack(items: list[object]) -> Nack:
    nonce, lane = wire.octets(items[1], NONCE_BYTES), lane_name(items[2])
    return Nack(nonce, lane, wire.count(items[3]), wire.count(items[4]), wire.text(items[5]))


def _list(value: object, length: int) -> list[object]:
    items = wire.take(list, value)
    if len(items) != length:
        raise MessageError(f"{length} items expected, got {len(items)}")
    return items


def _lanes(value: object) -> dict[object, object]:
    lanes = wire.take(dict, value)
    if len(lanes) > MAX_LANES:
        raise MessageError(f"{len(lanes)} lanes")
    return lanes


_READERS: dict[tuple[int, int], Callable[[list[object]], Message]] = {
    (1, 7): _hello,
    (2, 7): _welcome,
    (3, 6): _receipt,
    (4, 4): _fence,
    (5, 6): _nack,
}
