"""The outbox: the records that wait in the box's database, as the protocol core reads them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from edge.model.entry import Lane
from edge.store import outbox
from edge.store.journal import LANES
from edge.store.outbox import QueuedRecord
from edge.store.store import Store
from sync import packing
from sync.core.session import LaneState, SendFrame

READ_AHEAD = 1_000
"""More records than this never fill one small frame's worth of waiting."""
FIRST_GUESS = 300
ROOM_LEFT = 32
"""Records are packed into a thirty-second less than fits, so that the first trial mostly does."""
KEPT_FRAMES = 16


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PackedRecords:
    """The records of a frame that was measured, and their payload when it is known.

    `damaged` has, by the place in the frame, the chain from the capture of a damaged record.
    """

    records: Sequence[bytes]
    payload: bytes | None
    damaged: Mapping[int, bytes] = field(default_factory=dict)


class StoreOutbox:
    """Implements `sync.core.session.Outbox` over the box's database.

    What `fit` has packed to measure it is kept until the frame is sent. `may_send` is asked for a
    lane that has something to send. `on_damage` marks what is damaged, when something new is met.
    """

    def __init__(
        self,
        store: Store,
        may_send: Callable[[str], bool] = lambda _lane: True,
        on_damage: Callable[[], object] = lambda: None,
    ) -> None:
        self._store, self._may_send, self._on_damage = store, may_send, on_damage
        self._guess: dict[str, int] = {}
        self._packed: dict[tuple[str, int, int, int], PackedRecords] = {}

    def lanes(self) -> Sequence[str]:
        """Return the lanes that carry records, most urgent first."""
        return [lane.value for lane in LANES]

    def epoch(self) -> int:
        """Return the current epoch."""
        return outbox.state(self._store, LANES[0]).epoch

    def held(self, lane: str) -> LaneState:
        """Return what the box holds of a lane."""
        state = outbox.state(self._store, Lane(lane))
        return LaneState(state.base, state.safe, state.cum, state.last)

    def chain_at(self, lane: str, seq: int) -> bytes | None:
        """Return the chain after `seq`, None when it is pruned or was never numbered."""
        return outbox.chain_at(self._store, Lane(lane), seq)

    def fit(self, lane: str, first_seq: int) -> int:
        """Return how many records from `first_seq` on fill one small frame, 0 for none."""
        queued = self._queued(lane, first_seq, self._guess.get(lane, FIRST_GUESS))
        if not queued:
            return 0
        if not self._may_send(lane):
            return 0
        if queued[0].damaged:
            return 1
        records = [q.record for q in takewhile(lambda q: not q.damaged, queued)]
        n, payload = _fill(lane, records)
        if payload is not None:
            full = n * packing.SMALL_PAYLOAD_BYTES // len(payload)
            self._guess[lane] = min(READ_AHEAD, max(1, full - full // ROOM_LEFT))
        self._packed[lane, self.epoch(), first_seq, n] = PackedRecords(records[:n], payload)
        while len(self._packed) > KEPT_FRAMES:
            del self._packed[next(iter(self._packed))]
        return n

    def packed(self, frame: SendFrame) -> PackedRecords:
        """Return the records of a frame, and their payload if they were packed before."""
        kept = self._packed.pop((frame.lane, frame.epoch, frame.first_seq, frame.n), None)
        if kept is not None:
            return kept
        queued = self._queued(frame.lane, frame.first_seq, frame.n)
        damaged = {place: q.chain for place, q in enumerate(queued) if q.damaged}
        return PackedRecords([q.record for q in queued], None, damaged)

    def _queued(self, lane: str, first_seq: int, limit: int) -> list[QueuedRecord]:
        queued = outbox.records(self._store, Lane(lane), first_seq, limit)
        if all(q.known for q in queued if q.damaged):
            return queued
        self._on_damage()
        return outbox.records(self._store, Lane(lane), first_seq, limit)


def _fill(lane: str, records: Sequence[bytes]) -> tuple[int, bytes | None]:
    try:
        return packing.fill(records)
    except Exception:  # a record that our own code chokes on must pass alone, as a tombstone
        log.exception("lane %s: a record cannot be packed with others", lane)
        return 1, None
