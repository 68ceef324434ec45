"""A box that is not Healthpost's: it delivers records to a hospital by CS/1.

Written from docs/protocol-cs1.md alone, as an example for whoever writes a box in another language;
"section" means a section of that page. It imports nothing of Healthpost. What it holds, it holds in
memory: a real box keeps records, keys, epoch, cum and safe on disk, and may then delete up to safe.
The bytes are made and read in foreign_bytes.py; test_foreign_box.py shows how all of it is used.
"""

from __future__ import annotations

import os
import queue
import ssl
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cbor2 import CBORDecodeError
from cryptography.exceptions import InvalidSignature, InvalidTag
from foreign_bytes import (
    ALONE,
    PADDED,
    ZEROS,
    Grant,
    Keys,
    canonical,
    content_id,
    decode,
    encode,
    key_id,
    next_chain,
    next_nonce,
    open_down,
    padded,
    plain,
    seal,
    signed,
)
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SMALL_PAYLOAD, MAX_PACKET = 3_880, 131_072
DIAL_LIMIT_S, HELLO_WAIT_S, RECEIPT_WAIT_S, SILENCES = 60, 5, 30, 3
Pack = Callable[[list[bytes]], tuple[int, bytes]]  # from records to schema and payload


# Sections 7, 10 and 12: what the box holds.


class Lane:
    """The records of one lane in this epoch, numbered from 1, and how far they are confirmed."""

    def __init__(self, records: list[bytes]) -> None:
        self.cum, self.safe = 0, 0
        self.under_way = 0  # number of the last record that was sent and has no receipt, or 0
        self.alone_to = 0  # records up to this number go one by one (section 8.3)
        self.repeated_at = -1  # the cum at which a gap made us send again
        self.records: list[bytes] = []
        self.chains = [ZEROS]  # chains[i] is the chain after record i
        for record in records:
            self.append(record)

    def append(self, record: bytes) -> None:
        self.records.append(record)
        self.chains.append(next_chain(self.chains[-1], record))

    def agrees(self, cum: int, chain: bytes, safe: int, safe_chain: bytes) -> bool:
        """Whether the hospital holds the same history (section 10; our base is always 0)."""
        if not safe <= cum <= len(self.records):
            return False
        return self.chains[cum] == chain and self.chains[safe] == safe_chain

    def begin(self, cum: int, safe: int) -> None:
        """Go on from what WELCOME says, also when cum is less than before."""
        self.cum, self.safe = cum, max(self.safe, safe)
        self.under_way, self.repeated_at = 0, -1

    def confirm(self, cum: int, safe: int, gap: bool) -> None:
        """Take a receipt."""
        if gap and cum == self.cum != self.repeated_at:
            self.under_way, self.repeated_at = 0, cum
        self.cum, self.safe = max(self.cum, cum), max(self.safe, safe)
        if self.cum >= self.under_way:
            self.under_way = 0

    def send_alone(self, last: int) -> None:
        """Go back to cum; records up to this number go one by one (section 8.3)."""
        self.alone_to, self.under_way = last, 0

    def next_records(self) -> list[bytes]:
        """Return what goes into the next frame: what follows cum, as much as is good at once."""
        records = self.records[self.cum : self.cum + 1]
        for record in self.records[self.cum + 1 :]:
            if self.cum < self.alone_to or sum(map(len, [*records, record])) > SMALL_PAYLOAD:
                break
            records.append(record)
        return records


# Section 5: MQTT.


class LinkLost(Exception):
    """The connection has ended; a new session needs a new Link."""


class Link:
    """One connection to the hospital's broker, with the subscription granted."""

    def __init__(self, box_id: str, grant: Grant, tls_key: bytes, folder: Path) -> None:
        """Connect; `folder` takes the files that the TLS library wants to read."""
        self.box_id = box_id
        self._frames: queue.Queue[bytes | None] = queue.Queue()  # None: the link is lost
        self._granted: queue.Queue[bool] = queue.Queue()
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=box_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.tls_set_context(_tls_context(grant, tls_key, folder))
        client.will_set(f"cs/1/u/{box_id}/t", b"", qos=0)
        client.on_connect = self._connected
        client.on_subscribe = lambda _c, _u, _mid, codes, _p: self._granted.put(codes[0] == 1)
        client.on_message = lambda _c, _u, message: self._frames.put(bytes(message.payload))
        client.on_disconnect = lambda *_: self._frames.put(None)
        client.on_publish = lambda _c, _u, _mid, code, _p: self._acknowledged(code)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = 20
        properties.MaximumPacketSize = MAX_PACKET
        client.connect(grant.host, grant.port, 120, clean_start=True, properties=properties)
        client.loop_start()
        if not self._granted.get(timeout=DIAL_LIMIT_S):
            raise LinkLost("no connection, or no subscription")

    def publish(self, lane: str, frame: bytes) -> None:
        self._client.publish(f"cs/1/u/{self.box_id}/{lane}", frame, qos=1)

    def receive(self, within_s: float) -> bytes | None:
        """Return the next frame down, or None when none came in time."""
        try:
            frame = self._frames.get(timeout=within_s)
        except queue.Empty:
            return None
        if frame is None:
            raise LinkLost
        return frame

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, _u: Any, _f: Any, code: Any, _p: Any) -> None:
        if code == 0:
            client.subscribe(f"cs/1/d/{self.box_id}/#", qos=1)
        else:
            self._granted.put(False)

    def _acknowledged(self, code: Any) -> None:
        if code != 0:  # 16: no hospital listens; 128 and more: an error
            self._frames.put(None)


def _tls_context(grant: Grant, tls_key: bytes, folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=grant.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does by itself
    (folder / "box.crt").write_text(grant.certificate)
    (folder / "box.key").write_bytes(tls_key)
    context.load_cert_chain(folder / "box.crt", folder / "box.key")
    return context


# Sections 9 to 12: the session.


class Kind(IntEnum):
    """The number that a message begins with."""

    HELLO, WELCOME, RECEIPT, FENCE, NACK = 1, 2, 3, 4, 5


class State(IntEnum):
    OFFLINE, HELLO_SENT, FORKED, STREAMING, FENCED = range(5)


class Fenced(Exception):
    """The hospital has shut this box out; the text is its reason."""


class Box:
    """What a box holds, and what it says and does in a session."""

    def __init__(self, box_id: str, grant: Grant, keys: Keys, pack: Pack = plain) -> None:
        self.box_id, self.grant, self.keys, self.pack = box_id, grant, keys, pack
        self.epoch = 1
        self.lanes = {"a": Lane([]), "c": Lane([])}
        self.state = State.OFFLINE
        self.nonce = os.urandom(8)
        self._hello = b""
        self.machine: dict[str, str] = {}

    def record(self, lane: str, kind: str, body: dict[str, Any]) -> str:
        """Append a record to a lane; return its content id."""
        record = canonical({"at": now(), "body": body, "kind": kind})
        self.lanes[lane].append(record)
        return content_id(self.box_id, record)

    @property
    def confirmed(self) -> bool:
        """Whether the hospital has everything, by its receipts of this session."""
        lanes = self.lanes.values()
        return self.state is State.STREAMING and all(x.cum == len(x.records) for x in lanes)

    def deliver(self, link: Link) -> None:
        """Hold a session until everything is confirmed.

        Raises LinkLost when the hospital is silent: then pause (section 10), and deliver by a new
        Link. Raises Fenced when the hospital shuts the box out.
        """
        self._greet(link, fork=False)
        silences = 0
        while not self.confirmed:
            wait_s = RECEIPT_WAIT_S if self.state is State.STREAMING else HELLO_WAIT_S
            frame = link.receive(wait_s * 2**silences)
            if frame is not None:
                silences = 0
                self.take(link, frame)
            elif silences == SILENCES:
                raise LinkLost("the hospital does not answer")
            else:
                silences += 1
                self._say_again(link)

    def take(self, link: Link, frame: bytes) -> None:
        """Do what a frame down asks for; what is not for this session is dropped."""
        try:
            channel, nonce, payload = open_down(frame, self.box_id, self.grant, self.keys)
            message = decode(payload) if channel == "r" and nonce == self.nonce else None
        except (ValueError, TypeError, CBORDecodeError, InvalidSignature, InvalidTag):
            return
        if self.state is State.STREAMING:
            self._take_streaming(link, message)
        else:
            self._take_greeted(link, message)

    def _take_greeted(self, link: Link, message: Any) -> None:
        match message:
            case [Kind.WELCOME, 1, _, self.epoch, lanes, _, _] if self.state is State.HELLO_SENT:
                self._welcomed(link, lanes)
            case [Kind.FENCE, _, 0, reason]:
                self.state = State.FENCED
                raise Fenced(reason)
            case [Kind.FENCE, _, epoch, reason] if epoch > self.epoch:
                self._begin_epoch(epoch, reason)
                self._greet(link, fork=False)

    def _take_streaming(self, link: Link, message: Any) -> None:
        match message:
            case [Kind.RECEIPT, _, self.epoch, lane, place, gap] if lane in self.lanes:
                self._receipted(link, self.lanes[lane], place, gap)
            case [Kind.NACK, _, lane, first, n, "unreadable"] if lane in self.lanes:
                self.lanes[lane].send_alone(first + n - 1)
                self._send(link)
            case [Kind.NACK, *_]:  # a real box pauses when this happens again
                self._greet(link, fork=False)

    def _welcomed(self, link: Link, lanes: dict[str, Any]) -> None:
        places = {name: lanes.get(name, [0, ZEROS, 0, ZEROS]) for name in self.lanes}
        if not all(self.lanes[name].agrees(*place) for name, place in places.items()):
            self._greet(link, fork=True)
            return
        for name, (cum, _, safe, _) in places.items():
            self.lanes[name].begin(cum, safe)
        self.state = State.STREAMING
        self._send(link)

    def _receipted(self, link: Link, lane: Lane, place: list[Any], gap: bool) -> None:
        if not lane.agrees(*place):
            self._greet(link, fork=True)
            return
        lane.confirm(place[0], place[2], gap)
        self._send(link)

    def _begin_epoch(self, epoch: int, why: str) -> None:
        """Number all records anew; a real box does this in one transaction."""
        self.epoch = epoch
        self.lanes = {name: Lane(lane.records) for name, lane in self.lanes.items()}
        self.record("c", "epoch", {"epoch": epoch, "why": why})

    def _greet(self, link: Link, *, fork: bool) -> None:
        self.nonce = next_nonce(self.nonce)
        self.state = State.FORKED if fork else State.HELLO_SENT
        lanes = {name: [0, lane.cum, len(lane.records)] for name, lane in self.lanes.items()}
        about = {"version": "foreign 1", "clock": "unsure", **self.machine}
        payload = encode([Kind.HELLO, [1, 1], self.epoch, self.nonce, lanes, fork, about])
        header = self.header("h", [0, 0, ZEROS], 0, [0])
        body = seal(header, payload, self.grant.decrypt_key)
        self._hello = signed(header, body, self.keys.sign)
        link.publish("h", self._hello)

    def _send(self, link: Link) -> None:
        """Send the next records of every lane that has none under way, alerts first."""
        for name, lane in self.lanes.items():
            records = [] if lane.under_way else lane.next_records()
            if records:
                lane.under_way = lane.cum + len(records)
                link.publish(name, self.frame(name, records))

    def _say_again(self, link: Link) -> None:
        if self.state is not State.STREAMING:
            link.publish("h", self._hello)
            return
        for lane in self.lanes.values():
            lane.under_way = 0
        self._send(link)

    def frame(self, name: str, records: list[bytes]) -> bytes:
        """Return the frame with these records, which follow the confirmed ones."""
        lane = self.lanes[name]
        alone = lane.cum < lane.alone_to
        schema, payload = plain(records) if alone else self.pack(records)
        flags: list[Any] = [PADDED if name == "a" else 0]
        if alone:
            flags = [flags[0] | ALONE, lane.chains[lane.cum + 1]]
        place = [lane.cum + 1, len(records), lane.chains[lane.cum]]
        header = self.header(name, place, schema, flags)
        if name == "a":
            payload = padded(payload, header)
        return signed(header, seal(header, payload, self.grant.decrypt_key), self.keys.sign)

    def header(self, lane: str, place: list[Any], schema: int, flags: list[Any]) -> bytes:
        """Return the header of a frame up. `place` is first seq, n, prev chain."""
        kids = [key_id(self.grant.decrypt_key), key_id(self.keys.public[0])]
        return encode(
            [1, self.box_id, self.epoch, lane, *place, self.nonce, schema, 0, *kids, *flags]
        )


def now() -> list[Any]:
    """Return a time stamp: boot, ms since it, wall clock in ms, quality of that clock."""
    return [1, time.monotonic_ns() // 1_000_000, time.time_ns() // 1_000_000, "unsure"]
