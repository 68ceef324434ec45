"""The contract between protocols, catalogue and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edge.reading import Measured

Fields = Mapping[str, object]


class DecodeError(ValueError):
    """The bytes are not what the protocol says; `kind` is stable, the text is for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a device said: "reading", "status", "error", "ack", ... with its named fields.

    `quality` holds doubts that travel with the value but are no field of the protocol's event.
    """

    name: str
    fields: Fields = field(default_factory=dict)
    quality: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class SerialProtocol:
    """A serial protocol: how its line is set, how its bytes are read and what its events measured.

    `explain` decodes the host's own commands, for the technician's magnifying glass.
    `streaming` devices talk without pause; silence from them means trouble. `aside` tells the
    events of such a stream that are no samples, such as the cuff of a board with an oximeter.
    """

    name: str
    title: str
    lines: tuple[LineSettings, ...]
    decoder: Callable[[], Decoder]
    measured: Callable[[Event], Measured | None]
    explain: Callable[[], Decoder] | None = None
    streaming: bool = False
    experimental: bool = False
    aside: Callable[[Event], bool] = _never


@dataclass(frozen=True, slots=True)
class BleCharacteristic:
    """A GATT characteristic that carries measurements: 16-bit UUID, its decoder, its meaning.

    `decode` raises `DecodeError` ("truncated" and the like) and nothing else. `live` gives what is
    only shown while it happens and never becomes a reading.
    """

    uuid: str
    title: str
    decode: Callable[[bytes], Fields]
    measured: Callable[[Fields], Measured | None]
    streaming: bool = False
    live: Callable[[Fields], Measured | None] | None = None
