"""The high-water mark: how far each lane once was, in a small file beside the box's file.

A log that lost its end, a card that fell back and a copy that was put in all leave a file that is
whole and has less in it. Only something outside the file can tell. Each lane has one line: epoch,
last sequence, its chain, a checksum. It is written after each commit, in place and without a flush
of its own, which would double what a reading waits for; the kernel writes it within half a minute,
and the idle checkpoint flushes it. So after a power cut it may be a little behind, and never ahead.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.store import durable

LINE_BYTES = 128
"""One lane; within one sector of 512 bytes, which a disk writes whole or not at all."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a lane ends: epoch, last sequence, and the chain after it."""

    epoch: int
    last: int
    chain: bytes


def mark_file(database: Path) -> Path:
    """Return the file of the mark of a box's file."""
    return database.with_suffix(".mark")


class HighWaterMark:
    """The mark of one box's file; a line for each of `lanes`, in this order."""

    def __init__(self, database: Path, lanes: tuple[str, ...]) -> None:
        self._file, self._lanes = mark_file(database), lanes
        self._handle: int | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self._file.name

    def read(self) -> dict[str, Head]:
        """Return the marks by lane; without those that are not there or not whole."""
        try:
            data = self._file.read_bytes()
        except OSError:
            return {}
        lines = {
            lane: data[place * LINE_BYTES : (place + 1) * LINE_BYTES]
            for place, lane in enumerate(self._lanes)
        }
        heads = {lane: _parse(lane, line) for lane, line in lines.items()}
        return {lane: head for lane, head in heads.items() if head is not None}

    def write(self, heads: Mapping[str, Head]) -> None:
        """Write the marks of some lanes; what the disk refuses is only logged."""
        try:
            if self._handle is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
                self._handle = os.open(self._file, flags, durable.OWNER_ONLY)
            for lane, head in heads.items():
                place = self._lanes.index(lane) * LINE_BYTES
                os.pwrite(self._handle, _line(lane, head), place)
        except OSError as error:
            log.warning("the high-water mark is not written: %s", error)

    def flush(self) -> None:
        """Wait until the mark is on the disk; what the disk refuses is only logged."""
        try:
            if self._file.exists():
                durable.flush(self._file)
        except OSError as error:
            log.warning("the high-water mark is not flushed: %s", error)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _line(lane: str, head: Head) -> bytes:
    text = f"{lane} {head.epoch} {head.last} {head.chain.hex()}"
    whole = f"{text} {zlib.crc32(text.encode('ascii')):08x}"
    return whole.ljust(LINE_BYTES - 1).encode("ascii") + b"\n"


def _parse(lane: str, line: bytes) -> Head | None:
    try:
        text, _, check = line.decode("ascii").rstrip().rpartition(" ")
        named, epoch, last, link = text.split(" ")
        if named == lane and check == f"{zlib.crc32(text.encode('ascii')):08x}":
            return Head(int(epoch), int(last), bytes.fromhex(link))
    except ValueError:
        pass
    return None
