"""The shortest encoding of one alert, whose shape both ends know: only its leaves are sent.

    place of the shape (1 byte), UUIDs (16 bytes each), columns

CBOR and zstd would add a dozen bytes to the fifty that it takes. What does not fit exactly, such as
a free text or a repeated UUID, is encoded as usual.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.core import wire
from sync.core.wire import MessageError
from sync.packing import zstd_dictionary
from sync.packing.scalars import UUIDS
from sync.packing.templates import pieces_of

_FIRST_ROW = b"\x02"
"""The column of rows when there is one record, of the first shape."""


def shorten(parts: Sequence[object]) -> bytes | None:
    """Return what `rows.fold` gave for a record in its shortest form; None when it has none."""
    count, rows, shapes, texts, uuids, raw, cut = parts
    known = zstd_dictionary.alone()
    shape = wire.take(list, shapes)
    if (count, rows, texts, raw) != (1, _FIRST_ROW, [], []) or shape[0] not in known:
        return None
    if len(wire.take(bytes, uuids)) != 16 * _uuids(shape[0]):
        return None
    return bytes((known.index(shape[0]),)) + wire.take(bytes, uuids) + wire.take(bytes, cut)


def lengthen(body: bytes) -> list[object]:
    """Return the parts that `sync.packing.decode` reads; raises `MessageError`."""
    known = zstd_dictionary.alone()
    if not body or body[0] >= len(known):
        raise MessageError("no such shape")
    shape = known[body[0]]
    end = 1 + 16 * _uuids(shape)
    if len(body) < end:
        raise MessageError("a lone record is cut")
    return [1, _FIRST_ROW, [shape], [], body[1:end], [], body[end:]]


def _uuids(shape: object) -> int:
    """Count the leaves of a shape that are UUIDs."""
    return sum(piece == UUIDS for piece in pieces_of(shape))
