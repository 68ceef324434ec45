"""The least hospital that is still one: the real link, envelope and core over a dict.

It can lose frames and receipts, take frames twice, and lose its memory of everything it had not
committed, on request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from broker import Broker
from eventually import eventually

from edge.model.entry import GENESIS, chain, content_id
from sync.core import DownHeader, Header, decode, encode, hospital
from sync.core.feed_messages import is_ask
from sync.core.messages import Hello
from sync.frames.envelope import open_up, peek_up, sign_down
from sync.frames.framing import disclose
from sync.keys.keys import HospitalKeys, PublicKeys
from sync.link.link import Link
from sync.link.transport import Down, Limits, Message, Up


class FarEnd:
    """A hospital for one box, in a thread of its own."""

    def __init__(self, broker: Broker, box_id: str, box_keys: PublicKeys) -> None:
        self.keys = HospitalKeys.generate()
        self.stored: dict[UUID, bytes] = {}
        self.repeats = 0
        self.streams: dict[tuple[int, str], list[bytes]] = {}
        self.refused: list[str] = []
        self.frames: list[bytes] = []
        self.hellos = 0
        self.lose_frame: Callable[[Header], bool] = lambda _header: False
        self.lose_reply: Callable[[object], bool] = lambda _message: False
        self.twice = False
        self._box_keys = box_keys
        self._tls = broker.worker()
        self._broker = broker
        self._committed = hospital.HospitalBox(box_id)
        self._nonces: set[bytes] = set()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._ready = threading.Event()

    def start(self) -> None:
        self._stop.clear()
        self._ready.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        eventually(self._ready.is_set)

    def stop(self) -> None:
        """Vanish: what was held in memory is gone, what was committed stays."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._committed = replace(self._committed, waiting=())

    def restore(self, keep: int) -> None:
        """Go back to an old backup: only the first `keep` records of each stream are known."""
        box = self._committed
        for lane, place in box.streams.items():
            kept = self.streams[(box.epoch, lane)][: min(keep, place.cum)]
            self.streams[(box.epoch, lane)] = kept
            link = GENESIS
            for record in kept:
                link = chain(link, record)
            moved = replace(place, cum=len(kept), chain=link)
            box = replace(box, streams={**box.streams, lane: moved})
        self._committed = replace(box, generation=box.generation + 1, nonce=bytes(8))
        kept_ids = {content_id(box.box_id, r) for rs in self.streams.values() for r in rs}
        self.stored = {i: r for i, r in self.stored.items() if i in kept_ids}

    def _run(self) -> None:
        limits = Limits(keepalive_s=20, connect_s=5)
        topics = ("cs/1/u/+/h", "cs/1/u/+/a", "cs/1/u/+/c")
        link = Link(
            self._broker.address, self._tls, "hospital", topics, manual_ack=True, limits=limits
        )
        link.open()
        retry = 0.0
        while not self._stop.is_set():
            event = link.take(0.05)
            if isinstance(event, Up):
                self._ready.set()
            elif isinstance(event, Down):
                retry = time.monotonic() + 0.3
            elif isinstance(event, Message):
                self._receive(link, event)
                if self.twice:
                    self._receive(link, event)
                link.ack(event)
            if retry and time.monotonic() > retry:
                retry = 0.0
                link.open()
        link.close()

    def _receive(self, link: Link, message: Message) -> None:
        if self.lose_frame(peek_up(message.payload)):
            return
        self.frames.append(message.payload)
        header, payload = open_up(message.payload, self.keys, self._box_keys)
        if header.lane == "h" and is_ask(payload):
            return  # it has no feed
        if header.lane == "h":
            said = decode(payload)
            assert isinstance(said, Hello)
            self.hellos += 1
            utc_ms = time.time_ns() // 1_000_000
            event: hospital.Event = hospital.HelloArrived(said, said.nonce in self._nonces, utc_ms)
        else:
            event = hospital.FrameArrived(header, disclose(header, payload))
        self._committed, effects = hospital.step(self._committed, event)
        for effect in effects:
            self._commit(effect)
        for effect in effects:
            if isinstance(effect, hospital.Reply) and link.up:
                self._reply(link, effect)

    def _commit(self, effect: hospital.Effect) -> None:
        match effect:
            case hospital.Admit(_, nonce):
                self._nonces.add(nonce)
            case hospital.Store():
                stream = self.streams.setdefault((effect.epoch, effect.lane), [])
                assert len(stream) == effect.first_seq - 1, "a gap in the stream"
                stream.extend(effect.records)
                for record in effect.records:
                    one = content_id(self._committed.box_id, record)
                    self.repeats += one in self.stored
                    self.stored[one] = record
            case hospital.Refuse(reason):
                self.refused.append(reason)

    def _reply(self, link: Link, effect: hospital.Reply) -> None:
        if self.lose_reply(effect.message):
            return
        box = self._committed
        header = DownHeader(box.box_id, "r", effect.message.nonce)
        frame = sign_down(header, encode(effect.message), self.keys)
        link.publish(f"cs/1/d/{box.box_id}/r", frame)
