"""Records in few bytes: what a frame carries before it is sealed. Lossless for any bytes."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from sync.core import wire
from sync.core.wire import MessageError

MAX_PAYLOAD_BYTES = 64 * 1024
MAX_INFLATED_BYTES = 1 << 20
MAX_RECORDS_BYTES = 4 << 20
MAX_ROWS = 2000
SMALL_PAYLOAD_BYTES = 3_880
"""What fits a sealed frame of 4 KB: header, HPKE and signature take the rest."""

_LEVEL = 9
_STORED = b"\x00"
_ZSTD = b"\x01"
_PLAIN = 0
_ROWS = 1


class CodecError(ValueError):
    """Records that cannot be packed, or a payload that cannot be read."""


def pack(records: Sequence[bytes]) -> bytes:
    """Return the payload for some records; raises `CodecError` beyond the limits."""
    return pack_plain(records)


def pack_plain(records: Sequence[bytes]) -> bytes:
    """Return a payload that holds the records as they are: nothing to misunderstand."""
    if len(records) > MAX_ROWS or sum(map(len, records)) > MAX_RECORDS_BYTES:
        raise CodecError("too much for one frame")
    return _deflate(wire.dump([_PLAIN, list(records)]))


def unpack(payload: bytes) -> list[bytes]:
    """Return the records of a payload; raises `CodecError`."""
    try:
        kind, body = wire.load_array(_inflate(payload), 2)
        records = [wire.take(bytes, r) for r in wire.take(list, body)]
    except MessageError as error:
        raise CodecError(str(error)) from error
    if kind != _PLAIN or len(records) > MAX_ROWS:
        raise CodecError("no such payload")
    return records


def fit(records: Sequence[bytes], budget: int = SMALL_PAYLOAD_BYTES) -> int:
    """Return how many leading records pack into `budget` bytes; at least 1 of a non-empty list."""
    low, high = min(1, len(records)), min(len(records), MAX_ROWS)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(pack(records[:middle])) <= budget else (low, middle - 1)
    return low


def _deflate(body: bytes) -> bytes:
    squeezed = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False).compress(body)
    return _ZSTD + squeezed if len(squeezed) < len(body) else _STORED + body


def _inflate(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise CodecError(f"a payload of {len(payload)} bytes")
    if payload[:1] == _STORED:
        return payload[1:]
    if payload[:1] != _ZSTD:
        raise CodecError("no such payload")
    try:
        inflater = zstandard.ZstdDecompressor().decompressobj()
        body = inflater.decompress(payload[1:])
    except zstandard.ZstdError as error:
        raise CodecError(f"zstd: {error}") from error
    if len(body) > MAX_INFLATED_BYTES or not inflater.eof or inflater.unused_data:
        raise CodecError("a payload that is cut, too large, or followed by something")
    return body
