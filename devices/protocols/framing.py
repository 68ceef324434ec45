"""What the serial protocols share: a decoder that any chunking feeds the same, and checksums.

A protocol is a *step*: a function of the buffered bytes that says how many of them it consumes and
which events they make, or None to wait for more. A step that has decided on a prefix decides the
same when more bytes follow; this alone makes the events independent of the chunking. Bad bytes are
dropped one at a time, because a real header may lie inside a broken frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from devices.driver import Event

_LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True, slots=True)
class Step:
    """`consumed` bytes (at least one) leave the buffer; `events` are what they mean."""

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


def sum16(data: bytes | bytearray) -> int:
    """Return the sum of all bytes modulo 65536."""
    return sum(data) & 0xFFFF


def lines(understand: Callable[[str], tuple[Event, ...]], limit: int) -> Take:
    """Return the step of a protocol of text lines, ended by CR, LF or both.

    Idle time never completes a line. A "line" of `limit` bytes without an end is noise.
    """

    def take(buffer: bytearray) -> Step | None:
        end = _LINE_END.search(buffer, 0, limit)
        if end is None:
            return Step(limit, (error("malformed"),)) if len(buffer) >= limit else None
        text = buffer[: end.start()].decode("latin-1")
        return Step(end.end(), understand(text) if text else ())

    return take


def wall_clock(text: str, form: str) -> datetime | None:
    """Return the device's own wall clock, without zone; None when it names no moment."""
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 device clock
    except ValueError:
        return None
