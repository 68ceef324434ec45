"""The MQTT link: a lossy pipe with a topic list, used by the box and by the hospital.

Nothing is remembered here. Each session is a fresh client (clean start, no session at the broker),
so that nothing queued in an old one comes again; what must not be lost is in the box's database
and is sent again until the hospital's signed receipt confirms it. A PUBACK is flow control only.

One thread owns a `Link`: it calls `open`, `take`, `publish`, `ack` and `close`. The network thread
runs the client; its callbacks put events on one queue and do nothing else, because the client
calls them while it holds its own locks. Every event carries the session's generation, and `take`
drops those of an earlier one: packet ids are used again after a reconnect.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from paho.mqtt.client import Client, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sync.link.tls import KeysUnreadable, client_context, span_of
from sync.link.transport import (
    THIN_LINK,
    Address,
    CertificateSpan,
    Down,
    Event,
    Limits,
    LinkError,
    Message,
    PublishAcked,
    PublishFailed,
    Tls,
    Up,
    Why,
    Will,
)

log = logging.getLogger(__name__)

MAX_HELD = 256
"""Messages kept while the window is full; a caller beyond that does not call `take`."""
MAX_PACKET = 131_072
LOOP_S = 1.0
GOODBYE_S = 1.0
_CALLBACKS = (
    *("on_connect", "on_disconnect", "on_subscribe", "on_message", "on_publish", "on_log"),
    *("on_socket_open", "on_socket_register_write"),
)
_NOBODY = "No matching subscribers"
_BUSY = ("Server unavailable", "Server busy", "Quota exceeded", "Connection rate exceeded")


@dataclass(frozen=True, slots=True)
class _Plan:
    """How every session of a link is made."""

    address: Address
    tls: Tls | None
    client_id: str
    will: Will | None
    manual_ack: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class _BrokerConnected:
    receive_maximum: int


@dataclass(frozen=True, slots=True)
class _TopicsSubscribed:
    refused: str | None


@dataclass(frozen=True, slots=True)
class _MessagePublished:
    mid: int
    refused: str | None
    has_subscriber: bool


_Raw = _BrokerConnected | _TopicsSubscribed | _MessagePublished | Message | Down | None


class Link:
    """A connection to the broker that is opened anew for each session."""

    def __init__(
        self,
        address: Address,
        tls: Tls | None,
        client_id: str,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        *,
        manual_ack: bool = False,
        limits: Limits = THIN_LINK,
    ) -> None:
        self._plan = _Plan(address, tls, client_id, will, manual_ack, limits)
        self._subscriptions = subscriptions
        self._queue: SimpleQueue[tuple[int, _Raw]] = SimpleQueue()
        self._tickets = count(1)
        self._generation = 0
        self._session: _Session | None = None
        self._window = 0
        self._granted = 0
        self._in_flight: dict[int, int] = {}
        self._waiting: deque[tuple[int, str, bytes]] = deque()

    @property
    def up(self) -> bool:
        """Whether messages can be published now."""
        return self._window > 0

    def open(self) -> None:
        """Start a session; `Up` or `Down` follows. A running one is dropped."""
        self._drop_session()
        self._generation += 1
        self._session = _Session(self._plan, self._generation, self._queue)
        self._session.start()

    def take(self, timeout_s: float) -> Event | None:
        """Return the next event; None when nothing happened in time or only inner matters did."""
        try:
            generation, raw = self._queue.get(timeout=max(timeout_s, 0))
        except Empty:
            return self._check_silence()
        if generation != self._generation:
            return None
        return self._translate(raw)

    def wake(self) -> None:
        """Make a waiting `take` return; safe from any thread and from a signal handler."""
        self._queue.put((0, None))

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> int:
        """Send, or hold until the window has room; return a ticket that `PublishAcked` will name.

        Raises `LinkError` when the link is not up or too much is held already.
        """
        if not self.up:
            raise LinkError("the link is not up")
        ticket = next(self._tickets)
        if qos == 0:
            self._client().publish(topic, payload, qos=0)
        elif len(self._waiting) >= MAX_HELD:
            raise LinkError(f"{MAX_HELD} messages wait for the broker already")
        else:
            self._waiting.append((ticket, topic, payload))
            self._pump()
        return ticket

    def ack(self, message: Message) -> None:
        """Tell the broker that the message is safe; one of an earlier session is left alone."""
        if message.mid == 0:
            return  # QoS 0, as wills are: nobody waits for it, and a broker hangs up on such an ack
        if message.generation == self._generation and self._session is not None:
            self._client().ack(message.mid, 1)

    def close(self) -> None:
        """Disconnect and end the session; its events are not delivered any more."""
        self._drop_session()
        self._generation += 1

    def _client(self) -> Client:
        if self._session is None:
            raise LinkError("the link is not open")
        return self._session.client

    def _translate(self, raw: _Raw) -> Event | None:
        match raw:
            case _BrokerConnected(receive_maximum):
                return self._subscribe(min(self._plan.limits.window, receive_maximum))
            case _TopicsSubscribed(None):
                return self._set_up()
            case _TopicsSubscribed(refused):
                return self._set_down(Down(Why.REFUSED, f"subscription refused: {refused}"))
            case _MessagePublished():
                return self._on_published(raw)
            case Down():
                return self._set_down(raw)
        return raw

    def _subscribe(self, window: int) -> Event | None:
        self._granted = window
        if not self._subscriptions:
            return self._set_up()
        self._client().subscribe([(topic, 1) for topic in self._subscriptions])
        return None

    def _set_up(self) -> Up:
        self._window = self._granted
        return Up(self._window, self._session.certificate if self._session else None)

    def _set_down(self, down: Down) -> Down:
        self._drop_session()
        return down

    def _on_published(self, done: _MessagePublished) -> Event | None:
        ticket = self._in_flight.pop(done.mid, None)
        if ticket is None:
            return None  # a QoS 0 message
        self._pump()
        return (
            PublishAcked(ticket, done.has_subscriber)
            if done.refused is None
            else PublishFailed(ticket, done.refused)
        )

    def _pump(self) -> None:
        while self._waiting and len(self._in_flight) < self._window:
            ticket, topic, payload = self._waiting.popleft()
            self._in_flight[self._client().publish(topic, payload, qos=1).mid] = ticket

    def _check_silence(self) -> Event | None:
        session = self._session
        if session is not None and session.silent_s() > 2 * self._plan.limits.keepalive_s:
            return self._set_down(Down(Why.SILENT, f"nothing heard for {session.silent_s():.0f} s"))
        return None

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.stop()
        self._session = None
        self._window = 0
        self._in_flight.clear()
        self._waiting.clear()


class _Session:
    """One client from connect to disconnect, and the thread that runs it."""

    def __init__(self, plan: _Plan, generation: int, queue: SimpleQueue[tuple[int, _Raw]]) -> None:
        self._plan, self._generation, self._queue = plan, generation, queue
        self._received_s = time.monotonic()
        self._connected = False
        self._end: Down | None = None
        self._error_text = ""
        self.certificate: CertificateSpan | None = None
        self._stopping = threading.Event()
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=plan.client_id,
            protocol=MQTTv5,
            manual_ack=plan.manual_ack,
        )
        self._prepare(self.client, plan.will)
        self._thread = threading.Thread(target=self._run, name=f"link-{generation}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the session politely if it is up; does not wait for a connect that hangs."""
        self._stopping.set()
        if self._connected:
            self.client.disconnect()
            self._thread.join(timeout=2 * GOODBYE_S)

    def silent_s(self) -> float:
        """Seconds since the last packet of the broker."""
        return time.monotonic() - self._received_s

    def _prepare(self, client: Client, will: Will | None) -> None:
        client.connect_timeout = self._plan.limits.connect_s
        client.max_inflight_messages_set(self._plan.limits.window)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        client.on_socket_open = self._on_socket_open
        # With this set, publish() only queues and the one thread below writes.
        client.on_socket_register_write = lambda *_: None
        if will is not None:
            client.will_set(will.topic, will.payload, qos=0)

    def _run(self) -> None:
        end = Down(Why.LOST, "the network thread ended")
        try:
            if self._plan.tls is not None:
                self.client.tls_set_context(client_context(self._plan.tls))
            self._connect()
            end = self._loop()
        except KeysUnreadable as error:
            end = Down(Why.REFUSED, str(error))
        except ssl.SSLCertVerificationError as error:
            end = Down(Why.REFUSED, f"the broker is not ours: {error.verify_message}")
        except ssl.SSLError as error:
            end = Down(Why.REFUSED, f"no secure connection: {error.reason or error}")
        except OSError as error:
            end = Down(Why.UNREACHABLE, str(error))
        except Exception as error:  # a thread that dies must never look like a quiet link
            log.exception("the link's client failed")
            end = Down(Why.LOST, f"{type(error).__name__}: {error}")
        finally:
            self._hang_up()
            self._put(end)

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = self._plan.limits.window
        properties.MaximumPacketSize = MAX_PACKET
        self.client.connect(
            self._plan.address.host,
            self._plan.address.port,
            keepalive=self._plan.limits.keepalive_s,
            clean_start=True,
            properties=properties,
        )
        self.certificate = span_of(self.client.socket())

    def _loop(self) -> Down:
        deadline = time.monotonic() + self._plan.limits.connect_s
        while self.client.loop(LOOP_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if self._stopping.is_set():
                self._disconnect()
                break
            if not self._connected and time.monotonic() > deadline:
                return Down(Why.UNREACHABLE, "the broker does not answer")
        return self._end or self._lost()

    def _disconnect(self) -> None:
        self.client.disconnect()
        until = time.monotonic() + GOODBYE_S
        while time.monotonic() < until:  # without a radio link it never succeeds
            if self.client.loop(LOOP_S / 10) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def _lost(self) -> Down:
        if "ALERT" in self._error_text.upper():  # TLS 1.3 refuses a certificate after the handshake
            return Down(Why.REFUSED, self._error_text)
        why = Why.LOST if self._connected else Why.UNREACHABLE
        return Down(why, self._error_text or "the connection was closed")

    def _hang_up(self) -> None:
        sock = self.client.socket()
        if sock is not None:
            sock.close()
        # Client and session hold one another through these. Were the two left to the garbage
        # collector, it might take the client's inner sockets away before the client closes them.
        for callback in _CALLBACKS:
            setattr(self.client, callback, None)

    def _put(self, raw: _Raw) -> None:
        self._queue.put((self._generation, raw))

    # Callbacks: they run in the network thread, inside the client's locks. Only `_put`.

    def _on_connect(
        self, _c: object, _u: object, _f: object, reason: ReasonCode, given: Properties | None
    ) -> None:
        if reason.is_failure:
            why = Why.UNREACHABLE if str(reason) in _BUSY else Why.REFUSED
            self._end = Down(why, str(reason))
            return
        self._connected = True
        self._put(_BrokerConnected(getattr(given, "ReceiveMaximum", 65_535)))

    def _on_disconnect(
        self, _c: object, _u: object, flags: DisconnectFlags, reason: ReasonCode, _p: object
    ) -> None:
        if flags.is_disconnect_packet_from_server and self._end is None:
            refused = str(reason) in ("Not authorized", "Administrative action", "Banned")
            self._end = Down(Why.REFUSED if refused else Why.LOST, str(reason))

    def _on_subscribe(
        self, _c: object, _u: object, _mid: int, reasons: list[ReasonCode], _p: object
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self._put(_TopicsSubscribed(", ".join(refused) or None))

    def _on_message(self, _c: object, _u: object, message: MQTTMessage) -> None:
        self._put(Message(message.topic, bytes(message.payload), message.mid, self._generation))

    def _on_publish(self, _c: object, _u: object, mid: int, reason: ReasonCode, _p: object) -> None:
        refused = str(reason) if reason.is_failure else None
        self._put(_MessagePublished(mid, refused, str(reason) != _NOBODY))

    def _on_log(self, _c: object, _u: object, level: int, text: str) -> None:
        # The only place where the client reports a PINGRESP and a TLS alert.
        if text.startswith("Received "):
            self._received_s = time.monotonic()
        elif level == LogLevel.MQTT_LOG_ERR:
            self._error_text = text

    def _on_socket_open(self, _c: object, _u: object, sock: Any) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._plan.limits.send_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
