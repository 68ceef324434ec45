"""What the serial protocols share: a decoder that any chunking feeds the same, and checksums.

A protocol is a *step*: a function of the buffered bytes that says how many of them it consumes and
which events they make, or None to wait for more. A step that has decided on a prefix decides the
same when more bytes follow; this alone makes the events independent of the chunking. Bad bytes are
dropped one at a time, because a real header may lie inside a broken frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.driver import Event


@dataclass(frozen=True, slots=True)
class Step:
    """`consumed` bytes (at least one) leave the buffer; `events` are what they said."""

    consumed: int
    events: tuple[Event, ...] = ()


Take = Callable[[bytearray], Step | None]


class StepDecoder:
    """A `Decoder` that repeats one step until it waits for more bytes."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they came; return the events they complete."""
        self._buffer += data
        events: list[Event] = []
        while self._buffer and (step := self._take(self._buffer)) is not None:
            del self._buffer[: step.consumed]
            events.extend(step.events)
        return events

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)


def error(kind: str, **fields: object) -> Event:
    """Return an error event of a stable kind, such as "bad_checksum" or "short_frame"."""
    return Event("error", {"kind": kind, **fields})


def skip(consumed: int) -> Step:
    """Drop bytes that belong to no frame, silently: a port is often opened mid-frame."""
    return Step(consumed)


def xor8(data: bytes | bytearray) -> int:
    """Return the exclusive or of all bytes."""
    result = 0
    for byte in data:
        result ^= byte
    return result


def sum8(data: bytes | bytearray) -> int:
    """Return the sum of all bytes modulo 256."""
    return sum(data) & 0xFF
