"""A bounded record of what went over the link, for support: no content, so no patient data.

One file of `SLOTS` lines of the same length, written round and round. A line is JSON: number,
time (Unix ms by the box's clock), direction, lane or channel, what it was, sequences, bytes and
outcome. Losing some in a power cut is harmless, so nothing is flushed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sync.core.header import Header
from sync.core.messages import Fence, Message, Nack, Receipt, Welcome

SLOTS = 2_000
LINE_BYTES = 200
FILE = "link.trace"


@dataclass(frozen=True, slots=True)
class Line:
    """One frame or event of the link."""

    number: int
    at_ms: int
    way: str
    lane: str
    what: str
    first: int = 0
    count: int = 0
    size: int = 0
    outcome: str = ""

    def words(self) -> str:
        """Return the line for people."""
        seqs = f" {self.first}…{self.first + self.count - 1}" if self.count else ""
        size = f", {self.size} B" if self.size else ""
        return f"{self.way:<4} {self.lane} {self.what}{seqs}{size} {self.outcome}".rstrip()


class Trace:
    """The ring file, open for writing."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._next = 1 + max((line.number for line in read(folder)), default=0)
        self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def sent(self, at_ms: int, header: Header, size: int) -> None:
        """Note a frame that was handed to the link."""
        what = "hello" if header.lane == "h" else "records"
        seqs = (0, 0) if header.lane == "h" else (header.first_seq, header.n)
        self._write(Line(self._next, at_ms, "up", header.lane, what, *seqs, size))

    def received(self, at_ms: int, channel: str, message: Message | None, size: int) -> None:
        """Note a received message whose signature was right."""
        what = "frame" if message is None else type(message).__name__.lower()
        self._write(
            Line(self._next, at_ms, "down", channel, what, size=size, outcome=_outcome(message))
        )

    def event(self, at_ms: int, what: str, outcome: str = "") -> None:
        """Note an event of the link itself: a dial, a loss, an error."""
        self._write(Line(self._next, at_ms, "link", "-", what, outcome=outcome[:60]))

    def _write(self, line: Line) -> None:
        text = json.dumps(asdict(line), separators=(",", ":")).encode("ascii")[: LINE_BYTES - 1]
        slot = (line.number - 1) % SLOTS * LINE_BYTES
        try:
            os.pwrite(self._handle, text.ljust(LINE_BYTES - 1) + b"\n", slot)
        except OSError:
            return  # a full disk: records matter, the trace does not
        self._next += 1


def read(folder: Path) -> list[Line]:
    """Return what the ring holds, oldest first; lines that a power cut tore are left out."""
    file = folder / FILE
    return sorted(_lines(file), key=lambda line: line.number) if file.exists() else []


def _lines(file: Path) -> Iterator[Line]:
    for text in file.read_bytes().split(b"\n"):
        try:
            yield Line(**json.loads(text))
        except (ValueError, TypeError):
            continue


def _outcome(message: Message | None) -> str:
    match message:
        case Receipt():
            gap = " gap" if message.gap else ""
            return f"lane {message.lane} to {message.at.cum}, safe {message.at.safe}{gap}"
        case Welcome():
            at = " ".join(f"{lane}{place.cum}" for lane, place in message.lanes.items())
            return f"epoch {message.epoch} {at}"[:60]
        case Nack():
            return f"lane {message.lane} {message.first_seq}: {message.reason}"[:60]
        case Fence():
            return f"epoch {message.epoch}: {message.reason}"[:60]
    return ""
