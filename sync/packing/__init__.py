"""Compresses records to the payload of a frame, before it is sealed. Lossless for any bytes.

A payload is one byte that says whether zstd follows, then a CBOR array: `[0, [record, ...]]` with
the records as they are, or `[1, ...]` with their shapes and columns (`sync.packing.encode`). An
alert alone has a form of its own (`sync.packing.single_alert`). Reading is strict: 64 KB of
payload, 64 KB inflated, 2,000 records of 512 KB together, nesting of 8. What inflates to more takes
the hospital far longer to read than to receive.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import zstandard

from sync.core import wire
from sync.core.wire import MessageError
from sync.packing import decode, encode, single_alert, zstd_dictionary

MAX_PAYLOAD_BYTES = 64 * 1024
MAX_INFLATED_BYTES = 64 * 1024
MAX_RECORDS_BYTES = 512 * 1024
MAX_MESSAGE_BYTES = 1 << 20
"""Inflated, of a message of the hospital: it is trusted, and a box reads one at a time."""

MAX_ROWS = 2000
SMALL_PAYLOAD_BYTES = 3_880
"""What fits a sealed frame of 4 KB: header, HPKE and signature take the rest."""

_MAGICLESS = zstandard.FORMAT_ZSTD1_MAGICLESS
_PARAMETERS = zstandard.ZstdCompressionParameters.from_level(
    9, format=_MAGICLESS, write_content_size=True, write_checksum=False, write_dict_id=False
)
_STORED = b"\x00"
_ZSTD = b"\x01"
_SINGLE = b"\x02"
_PLAIN = 0
_ROWS = 1


class CodecError(ValueError):
    """Records that cannot be packed, or a payload that cannot be read."""


class PackTooLarge(CodecError):
    """Each of the records may be packed, but fewer of them together."""


def pack(records: Sequence[bytes]) -> bytes:
    """Return the payload for some records; raises `CodecError` beyond the limits."""
    _check_limits(records)
    parts = encode.encode_batch(records)
    brief = single_alert.shorten(parts)
    return _deflate([_ROWS, *parts]) if brief is None else _SINGLE + brief


def pack_plain(records: Sequence[bytes]) -> bytes:
    """Return a payload that holds the records as they are: nothing to misunderstand."""
    _check_limits(records)
    return _deflate([_PLAIN, list(records)])


def unpack(payload: bytes) -> list[bytes]:
    """Return the records of a payload; raises `CodecError`."""
    try:
        records = _read(_parts(payload))
    except MessageError as error:
        raise CodecError(str(error)) from error
    _check_limits(records)
    return records


def squeeze(parts: list[object]) -> bytes:
    """Return a message's array deflated; raises `CodecError` beyond the limits."""
    return _deflate(parts, MAX_MESSAGE_BYTES)


def expand(payload: bytes) -> list[object]:
    """Return the array of a deflated message; raises `CodecError`."""
    try:
        return wire.take(list, wire.load(_inflate(payload, MAX_MESSAGE_BYTES)))
    except MessageError as error:
        raise CodecError(str(error)) from error


def fill(records: Sequence[bytes], budget: int = SMALL_PAYLOAD_BYTES) -> tuple[int, bytes | None]:
    """Return how many leading records pack into `budget` bytes, and the payload of so many.

    At least 1 of a non-empty list; None for one alone. A guess from the size of a trial that lands
    below the budget, not the very last record.
    """
    n = min(len(records), MAX_ROWS)
    while n > 1:
        try:
            payload = pack(records[:n])
        except PackTooLarge:
            n //= 2
            continue
        if len(payload) <= budget:
            return n, payload
        n = max(1, min(n - 1, n * budget * 19 // (len(payload) * 20)))
    return n, None


def _parts(payload: bytes) -> list[object]:
    if payload[:1] == _SINGLE:
        return [_ROWS, *single_alert.lengthen(payload[1:])]
    return wire.take(list, wire.load(_inflate(payload)))


def _read(parts: list[object]) -> list[bytes]:
    if parts[:1] == [_ROWS] and len(parts) > 1:
        if wire.count(parts[1]) > MAX_ROWS:
            raise MessageError(f"{parts[1]} rows")
        return decode.decode_batch(parts[1:], MAX_RECORDS_BYTES)
    if parts[:1] == [_PLAIN] and len(parts) == 2:
        return [wire.take(bytes, record) for record in wire.take(list, parts[1])]
    raise MessageError("no such payload")


def _check_limits(records: Sequence[bytes]) -> None:
    if len(records) > MAX_ROWS:
        raise PackTooLarge(f"{len(records)} records; at most {MAX_ROWS} travel together")
    if sum(map(len, records)) > MAX_RECORDS_BYTES:
        raise PackTooLarge(f"more than {MAX_RECORDS_BYTES} bytes of records")


def _deflate(parts: list[object], most: int = MAX_INFLATED_BYTES) -> bytes:
    body = wire.dump(parts)
    if len(body) > most:
        raise PackTooLarge(f"{len(body)} bytes; at most {most} travel together")
    squeezer = zstandard.ZstdCompressor(compression_params=_PARAMETERS, dict_data=_known())
    squeezed = squeezer.compress(body)
    return _ZSTD + squeezed if len(squeezed) < len(body) else _STORED + body


def _inflate(payload: bytes, most: int = MAX_INFLATED_BYTES) -> bytes:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise CodecError(f"a payload of {len(payload)} bytes")
    how, body = payload[:1], payload[1:]
    if how == _STORED:
        return body
    if how != _ZSTD:
        raise CodecError("no such payload")
    try:
        size = zstandard.get_frame_parameters(body, format=_MAGICLESS).content_size
        if size > most:
            raise CodecError("inflates to an unknown size, or beyond the limit")
        inflater = zstandard.ZstdDecompressor(format=_MAGICLESS, dict_data=_known())
        return inflater.decompress(body, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CodecError(f"zstd: {error}") from error


@cache
def _known() -> zstandard.ZstdCompressionDict:
    raw: int = zstandard.DICT_TYPE_RAWCONTENT
    return zstandard.ZstdCompressionDict(zstd_dictionary.content(), dict_type=raw)
