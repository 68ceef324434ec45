"""The box's client of the clinic's feed: receives changes and snapshots, applies them to the store.

As with records, nothing is decided here: the protocol core of the feed (`sync.core.feed`) decides,
this shell runs its effects on the box's database and on the link.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

from edge.feed import replica as replica
from edge.model.errors import DiskError
from edge.model.feed_item import Cursor, Shadow
from edge.store.store import Store
from sync import packing
from sync.core import feed as core
from sync.core.feed_messages import Batch, Chunk, encode_ask, read
from sync.core.wire import MessageError

log = logging.getLogger(__name__)

CHANNEL = "f"


class StoreReplica:
    """The replica in the box's database, as the feed's core reads it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def cursor(self) -> Cursor:
        """Return how far the replica is."""
        return replica.cursor(self._store)

    def shadow(self) -> Shadow | None:
        """Return the snapshot being taken, if there is one."""
        return replica.shadow(self._store)


class FeedClient:
    """One box's end of the feed. `send` seals and publishes an ask in the session's lane "h"."""

    def __init__(self, store: Store, send: Callable[[bytes], None]) -> None:
        self._store = store
        self._send = send
        self._replica = StoreReplica(store)
        self._state = core.BoxFeed()
        self._session: bytes | None = None

    def follow(self, session: bytes | None, now_ms: int) -> None:
        """Follow the records' session: its nonce while it is streaming, None otherwise."""
        if session == self._session:
            return
        self._session = session
        self.take(core.SessionClosed(now_ms) if session is None else core.SessionOpened(now_ms))

    def receive(self, session: bytes, payload: bytes, now_ms: int) -> None:
        """Handle a received message of channel "f"; raises `MessageError`."""
        if session != self._session:
            return  # of a past session, or meant for a clone
        try:
            message = read(packing.expand(payload))
        except packing.CodecError as error:
            raise MessageError(str(error)) from error
        self.take(core.MessageArrived(now_ms, message))

    def deadline(self) -> int | None:
        """Return when the next tick is needed."""
        return self._state.due_ms

    def tick(self, now_ms: int) -> None:
        """Ask again when an answer is overdue."""
        if self._state.due_ms is not None and now_ms >= self._state.due_ms:
            self.take(core.Tick(now_ms))

    def take(self, event: core.Event) -> None:
        """Pass one event to the core and run its effects."""
        self._state, effects = core.step(self._state, event, self._replica)
        for effect in effects:
            self._run_effect(effect, event.now_ms)

    def _run_effect(self, effect: core.Effect, now_ms: int) -> None:
        match effect:
            case core.SendAsk(ask):
                self._send(encode_ask(ask))
            case core.Apply(batch):
                self._write(lambda: self._apply(batch), now_ms)
            case core.Keep(chunk):
                self._write(lambda: self._keep_chunk(chunk), now_ms)
            case core.Note(text):
                log.warning("feed: %s", text)
            case _:
                assert_never(effect)

    def _write(self, write: Callable[[], None], now_ms: int) -> None:
        try:
            write()
        except DiskError as error:
            log.warning("not taken from the hospital: %s", error)
            return  # it is asked for again when the answer is overdue
        self.take(core.ChangesApplied(now_ms, replica.sums(self._store)))

    def _apply(self, batch: Batch) -> None:
        reflects = None if batch.reflects is None else (batch.reflects.epoch, batch.reflects.lanes)
        at = Cursor(batch.epoch, batch.end)
        replica.apply(self._store, batch.changes, at, reflects)

    def _keep_chunk(self, chunk: Chunk) -> None:
        replica.keep(self._store, chunk.at, chunk.items, chunk.next)
