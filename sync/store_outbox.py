"""The box's file, as the protocol core asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from edge import outbox
from edge.entry import Lane
from edge.journal import LANES
from edge.store import Store
from sync import codec
from sync.core.session import Held

READ_AHEAD = 400
"""More records than this never fill one small frame's worth of waiting."""


class StoreOutbox:
    """Implements `sync.core.session.Outbox` over the box's file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def lanes(self) -> Sequence[str]:
        """Return the lanes that carry records, most urgent first."""
        return [lane.value for lane in LANES]

    def epoch(self) -> int:
        """Return the current epoch."""
        return outbox.state(self._store, LANES[0]).epoch

    def held(self, lane: str) -> Held:
        """Return what the box holds of a lane."""
        state = outbox.state(self._store, Lane(lane))
        return Held(state.base, state.safe, state.cum, state.last)

    def chain_at(self, lane: str, seq: int) -> bytes | None:
        """Return the chain after `seq`, None when it is pruned or was never numbered."""
        return outbox.chain_at(self._store, Lane(lane), seq)

    def fit(self, lane: str, first_seq: int) -> int:
        """Return how many records from `first_seq` on fill one small frame, 0 for none."""
        return codec.fit(self.records(lane, first_seq, READ_AHEAD))

    def records(self, lane: str, first_seq: int, limit: int) -> list[bytes]:
        """Return up to `limit` records of the current epoch from `first_seq` on."""
        queued = outbox.records(self._store, Lane(lane), first_seq, limit)
        return [q.record for q in queued]
