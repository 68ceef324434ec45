"""A capture: what a device sent, with times, as JSON lines; masked, replayed and judged. Pure.

The first line says what was captured, every other line is one read or notification:

    {"capture": 1, "link": "serial", "protocol": "omron_hbp", "line": "9600 8N1", "masked": true}
    {"t_ms": 1250, "hex": "323032362c30372c"}
    {"t_ms": 1266, "char": "2A35", "hex": "1e7c00..."}

Times are monotonic milliseconds since the recording began: a capture tells no date of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from devices.catalogue.serial_protocols import mask
from devices.driver import LineSettings

VERSION = 1
BYTES_LIMIT = 4_000_000
"""An hour of the fastest oximeter; a recording ends there."""

CHUNKS_LIMIT = 400_000
_LINE = re.compile(r"(\d{2,7})[ -]?([5-8])([NEO])([12])", re.IGNORECASE)


class CaptureError(ValueError):
    """The file is no capture; `kind` is stable, the text names the line."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one read, or of one notification of the characteristic `char`."""

    t_ms: int
    data: bytes
    char: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """What was recorded. `masked`: identities were taken out, or the protocol has none."""

    link: str
    protocol: str
    line: str
    masked: bool
    chunks: tuple[Chunk, ...]

    @property
    def data(self) -> bytes:
        """All bytes, without the times."""
        return b"".join(chunk.data for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class Masking:
    """A capture fit to be written, and what masking did to it."""

    capture: Capture
    fields: int
    not_understood: int


def masked(capture: Capture) -> Masking:
    """Return the capture without identities; raises `CannotMaskError`.

    Masked as a whole, because an identity may be cut in two by a read; then cut as it was. The
    characteristics that we subscribe to know a user's number at most, so Bluetooth stays as it is.
    """
    if capture.link == "ble":
        return Masking(replace(capture, masked=True), 0, 0)
    found = mask(capture.protocol, capture.data)
    chunks = []
    at = 0
    for chunk in capture.chunks:
        end = at + len(chunk.data)
        chunks.append(replace(chunk, data=found.data[at:end]))
        at = end
    whole = replace(capture, masked=True, chunks=tuple(chunks))
    return Masking(whole, found.fields, found.not_understood)


def dump(capture: Capture) -> Iterator[str]:
    """Yield the lines of a capture file, without their ends."""
    yield json.dumps(
        {
            "capture": VERSION,
            "link": capture.link,
            "protocol": capture.protocol,
            "line": capture.line,
            "masked": capture.masked,
        }
    )
    for chunk in capture.chunks:
        char = {"char": chunk.char} if chunk.char else {}
        yield json.dumps({"t_ms": chunk.t_ms, **char, "hex": chunk.data.hex()})


def load(lines: Iterable[str]) -> Capture:
    """Read the lines of a capture file; raises `CaptureError` naming the line that is wrong."""
    rows = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    number, first = next(rows, (0, ""))
    head = _object(number, first) if first else {}
    if head.get("capture") != VERSION or head.get("link") not in ("serial", "ble"):
        raise CaptureError("no_capture", 'the first line must say "capture": 1 and a "link"')
    chunks: list[Chunk] = []
    size = 0
    for number, line in rows:
        chunk = _chunk(number, _object(number, line), str(head["link"]))
        size += len(chunk.data)
        if size > BYTES_LIMIT or len(chunks) >= CHUNKS_LIMIT:
            raise CaptureError("too_large", f"more than {BYTES_LIMIT} bytes")
        chunks.append(chunk)
    return Capture(
        link=str(head["link"]),
        protocol=str(head.get("protocol", "")),
        line=str(head.get("line", "")),
        masked=head.get("masked") is True,
        chunks=tuple(chunks),
    )


def parse_line(text: str) -> LineSettings:
    """Return the settings that "2400 7E1" means; raises `CaptureError`."""
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise CaptureError("bad_line_settings", f'{text!r} is not like "9600 8N1"')
    return LineSettings(int(match[1]), int(match[2]), match[3].upper(), int(match[4]))


def _object(number: int, line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CaptureError("bad_line", f"line {number} is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise CaptureError("bad_line", f"line {number} is no JSON object")
    return row


def _chunk(number: int, row: Mapping[str, object], link: str) -> Chunk:
    t_ms, text, char = row.get("t_ms"), row.get("hex"), row.get("char", "")
    if not isinstance(t_ms, int) or not isinstance(text, str) or not isinstance(char, str):
        raise CaptureError("bad_line", f'line {number} needs "t_ms" and "hex"')
    if (link == "ble") != bool(char):
        raise CaptureError(
            "bad_line", f'line {number}: "char" belongs to Bluetooth, and only there'
        )
    try:
        return Chunk(t_ms, bytes.fromhex(text), char)
    except ValueError:
        raise CaptureError("bad_line", f"line {number}: {text!r} is not hexadecimal") from None
