"""The contract between protocols, catalogue and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge.model.reading import Measurement

Fields = Mapping[str, object]


class DecodeError(ValueError):
    """The bytes are not what the protocol says; `kind` is stable, the text is for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Event:
    """One event that a device sent: "reading", "status", "error", "ack", ... with its named fields.

    `quality` holds doubts that travel with the value but are no field of the protocol's event.
    `more` says that another event of the same frame follows: a reply is due to the last one only.
    `raw` are the bytes of a text whose character set is a question of the site.
    """

    name: str
    fields: Fields = field(default_factory=dict)
    quality: tuple[str, ...] = ()
    more: bool = False
    raw: bytes = b""


class Decoder(Protocol):
    """A sans-I/O decoder of one serial line: any bytes, any chunking, the same events."""

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they came; return the events they complete. Never raises on bad bytes."""
        ...

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame; bounded."""
        ...


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A serial line: baud, data bits, parity (N, E, O), stop bits. Never software flow control."""

    baud: int
    bits: int = 8
    parity: str = "N"
    stop: int = 1


def _never(event: Event) -> bool:
    return False


def _no_control(event: Event) -> None:
    return None


@dataclass(frozen=True, slots=True)
class SerialProtocol:
    """A serial protocol: how its line is set, how its bytes are read and what its events measured.

    `explain` decodes the host's own commands, for the technician's magnifying glass.
    `streaming` devices send without pause; silence from them means trouble. `aside` tells the
    events of such a stream that are no samples, such as the cuff of a board with an oximeter.
    `control` gives what was measured of control solution, which is no patient.
    """

    name: str
    title: str
    lines: tuple[LineSettings, ...]
    decoder: Callable[[], Decoder]
    measured: Callable[[Event], Measurement | None]
    explain: Callable[[], Decoder] | None = None
    streaming: bool = False
    experimental: bool = False
    aside: Callable[[Event], bool] = _never
    control: Callable[[Event], Measurement | None] = _no_control


@dataclass(frozen=True, slots=True)
class Question:
    """A question that only reads, and the answer that no other device would give.

    `write` is put to an unknown device at `line`, up to `tries` times; `wanted` tells the event
    that proves the protocol, `words` names the question for people. Questions are put in ascending
    `order`.
    """

    order: int
    line: LineSettings
    write: bytes
    wanted: Callable[[Event], bool]
    words: str
    tries: int = 1


UNMAPPED = "unmapped-test"
BAD_UNIT = "result-unit"
BAD_VALUE = "result-value"
NO_RESULT = "no-values"
NOT_FINAL = "not-final"
WITHDRAWN = "withdrawn"
UNREADABLE = "malformed"
RESULT_FAILURES = {
    UNMAPPED: "this test is not in the map of this site's tests",
    BAD_UNIT: "the unit is not the one in the map of this site's tests",
    BAD_VALUE: "the value is neither a number nor a known word",
    NO_RESULT: "the analyser says that it has no result",
    NOT_FINAL: "the analyser says that this result is not final yet",
    WITHDRAWN: "the analyser says that an earlier result was wrong",
    UNREADABLE: "the analyser sent a message that cannot be read",
}
"""Why an analyser's result is no reading, in a word and in a sentence."""


@dataclass(frozen=True, slots=True)
class ResultRefusal:
    """Results that are no readings: why (a key of `RESULT_FAILURES`), which tests, their bytes."""

    kind: str
    tests: tuple[str, ...] = ()
    raw: bytes = b""

    @property
    def text(self) -> str:
        """Why, in a sentence that names the tests by the analyser's own codes."""
        sentence = RESULT_FAILURES[self.kind]
        return f"{sentence}: {', '.join(self.tests)}" if self.tests else sentence


@dataclass(frozen=True, slots=True)
class Turn:
    """What a session makes of a moment: `write` goes to the device, the rest to the box.

    `measured` are finished measurements, begun `age_s` ago when that is known; `controls` those of
    control material, which is no patient; `refused` are results that are no readings; `samples`
    those of a stream, None for "no valid value"; `failed` says why a measurement that somebody
    waits for has none. `clock` is what the device's clock shows now, `serial` the device's own
    serial number, `state` what it does (as in `edge.equipment.registry.Device`), `held` how many
    records its memory holds, each empty when nothing was learnt.
    """

    write: bytes = b""
    measured: tuple[Measurement, ...] = ()
    controls: tuple[Measurement, ...] = ()
    refused: tuple[ResultRefusal, ...] = ()
    samples: tuple[Measurement | None, ...] = ()
    failed: str = ""
    clock: datetime | None = None
    serial: str = ""
    state: str = ""
    age_s: int | None = None
    held: int | None = None


class Session(Protocol):
    """The host's side of a polled protocol with one device, without port and clock.

    Times are the caller's monotonic milliseconds. Whatever a device sends, a session never asks it
    to erase or to set anything, and never to start a cuff: that is done by `ask` alone, which
    stands for a person's action.
    """

    @property
    def next_timeout(self) -> int | None:
        """When `on_timeout` is due; None while only the device or a person can move it."""
        ...

    def start(self, now_ms: int) -> Turn:
        """Begin (again), on a port that was just opened."""
        ...

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Take one event of the device."""
        ...

    def on_timeout(self, now_ms: int) -> Turn:
        """Do what is due; call when `next_timeout` has passed."""
        ...

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do what a person asked for, a kind of `device_requests.KINDS`; others do nothing."""
        ...

    def stop(self) -> bytes:
        """Return the bytes that leave the device safe; the port closes after them."""
        ...


@dataclass(frozen=True, slots=True)
class BleCharacteristic:
    """A GATT characteristic that carries measurements: 16-bit UUID, its decoder, its meaning.

    `decode` raises `DecodeError` ("truncated" and the like) and nothing else. `running` tells the
    values of a measurement that is still under way; `live` gives what is shown of them. Only the
    last of them is kept, and only if no result follows in the same connection. `control` gives
    what was measured of control solution.
    """

    uuid: str
    title: str
    decode: Callable[[bytes], Fields]
    measured: Callable[[Fields], Measurement | None]
    streaming: bool = False
    running: Callable[[Fields], bool] | None = None
    live: Callable[[Fields], Measurement | None] | None = None
    control: Callable[[Fields], Measurement | None] | None = None
