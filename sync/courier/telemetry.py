"""Lane "t": the box's status report, sent at intervals; a lost one does no harm. No patient data.

The payload is the CBOR array `[40, {name: value}]`: what waits in each lane and since when, what is
wrong (kinds of issues), versions, disk and clock. It is sealed and signed like a record and
belongs to the session of its nonce and has a number there, so an old one cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from edge.model.clock import Stamp
from edge.store import issues, ledger, outbox
from edge.store.store import Store
from sync.core import wire
from sync.core.header import Header
from sync.core.messages import CHAIN_BYTES, MAX_LANES, lane_name
from sync.core.wire import MessageError

LANE = "t"
STATUS = 40
MAX_CONDITIONS = 40


@dataclass(frozen=True, slots=True)
class Status:
    """One summary. `lanes` has last and confirmed sequence; times are of the box's wall clock."""

    lanes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    oldest_ms: int = 0
    wrong: tuple[str, ...] = ()
    version: str = ""
    clock: str = ""
    free_mb: int = 0
    hours_left: int = -1


def summary(store: Store, now: Stamp, free_bytes: int) -> Status:
    """Return the status of the box now."""
    lanes = ledger.lanes(store)
    hours = ledger.hours_left(ledger.samples(store), free_bytes)
    return Status(
        lanes={lane.lane.value: (lane.last, lane.confirmed) for lane in lanes},
        oldest_ms=max(0, outbox.ledger(store).oldest_waiting_wall_ms or 0),
        wrong=tuple(sorted({c.kind for c in issues.current(store)}))[:MAX_CONDITIONS],
        version=version("healthpost"),
        clock=str(now.quality),
        free_mb=free_bytes // 1_000_000,
        hours_left=-1 if hours is None else hours,
    )


def header(box_id: str, epoch: int, nonce: bytes, number: int) -> Header:
    """Return the header of a session's `number`-th summary; it belongs to no stream."""
    return Header(box_id, epoch, LANE, number, 1, bytes(CHAIN_BYTES), nonce, schema=0)


def encode(status: Status) -> bytes:
    """Return the payload."""
    lanes = {lane: list(place) for lane, place in status.lanes.items()}
    head = [STATUS, lanes, status.oldest_ms, list(status.wrong)]
    tail = [status.version, status.clock, status.free_mb, status.hours_left + 1]
    return wire.dump([*head, *tail])


def decode(payload: bytes) -> Status:
    """Read a payload; raises `MessageError`."""
    items = wire.load_array(payload, 8)
    lanes, wrong = wire.take(dict, items[1]), wire.take(list, items[3])
    if items[0] != STATUS or len(lanes) > MAX_LANES or len(wrong) > MAX_CONDITIONS:
        raise MessageError("no summary of a box")
    return Status(
        lanes={lane_name(lane): _place(place) for lane, place in lanes.items()},
        oldest_ms=wire.moment(items[2]),
        wrong=tuple(wire.text(kind, 40) for kind in wrong),
        version=wire.text(items[4], 40),
        clock=wire.text(items[5], 40),
        free_mb=wire.count(items[6]),
        hours_left=wire.count(items[7]) - 1,
    )


def _place(value: object) -> tuple[int, int]:
    items = wire.take(list, value)
    if len(items) != 2:
        raise MessageError("a lane has two numbers")
    return wire.count(items[0]), wire.count(items[1])
