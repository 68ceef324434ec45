"""Encodes columns of integers as zigzag varints, in the shortest of three forms.

A repeated value is written once; values that move little are written as differences. Which form
leaves zstd the least to do is guessed from the number of distinct symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from sync.core.wire import MessageError

MAX_VARINT_BYTES = 10
LARGEST = 2**62

_SINGLE = tuple(bytes((number,)) for number in range(0x80))
_UNFOLDED = tuple((folded >> 1) ^ -(folded & 1) for folded in range(0x80))
_SAME = 0
_VALUES = 1
_DIFFERENCES = 2


def write(values: Sequence[int]) -> bytes:
    """Return the bytes of a column; its length is not written."""
    if len(values) < 2:
        return b"".join(map(_varint, values))
    if len(set(values)) == 1:
        return bytes((_SAME,)) + _varint(values[0])
    steps = [values[0], *(after - before for before, after in pairwise(values))]
    if len(set(steps)) <= len(set(values)):
        return bytes((_DIFFERENCES,)) + b"".join(map(_varint, steps))
    return bytes((_VALUES,)) + b"".join(map(_varint, values))


class Reader:
    """Takes columns off a byte string, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def column(self, length: int) -> list[int]:
        """Read a column of `length` values; raises `MessageError`."""
        if length < 2:
            return [self._value() for _ in range(length)]
        form = self._byte()
        if form == _SAME:
            return [self._value()] * length
        values = self._values(length)
        if form == _VALUES:
            return values
        if form != _DIFFERENCES:
            raise MessageError(f"no column of form {form}")
        return list(accumulate(values))

    def end(self) -> None:
        """Raise `MessageError` unless all bytes were read."""
        if self._at != len(self._data):
            raise MessageError(f"{len(self._data) - self._at} bytes after the last column")

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise MessageError("a column is cut")
        self._at += 1
        return self._data[self._at - 1]

    def _value(self) -> int:
        return self._values(1)[0]

    def _values(self, length: int) -> list[int]:
        data, at = self._data, self._at
        plain = data[at : at + length]
        if len(plain) == length and plain.isascii():  # small numbers only: a byte each
            self._at = at + length
            return [_UNFOLDED[byte] for byte in plain]
        out = []
        try:
            for _ in range(length):
                folded = data[at]
                at += 1
                if folded >= 0x80:
                    more = data[at]
                    at += 1
                    if more < 0x80:
                        folded = folded & 0x7F | more << 7
                    else:
                        folded, at = _long(data, at - 1)
                out.append((folded >> 1) ^ -(folded & 1))
        except IndexError as error:
            raise MessageError("a column is cut") from error
        self._at = at
        return out


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Return the number whose second byte is at `at`, and where it ends; may raise `IndexError`."""
    folded = data[at - 1] & 0x7F
    for shift in range(7, 7 * MAX_VARINT_BYTES, 7):
        byte = data[at]
        at += 1
        folded |= (byte & 0x7F) << shift
        if byte < 0x80:
            return folded, at
    raise MessageError("a number without end")


def _varint(value: int) -> bytes:
    folded = value << 1 if value >= 0 else (-value << 1) - 1
    if folded < 0x80:
        return _SINGLE[folded]
    if folded < 0x4000:
        return bytes((folded & 0x7F | 0x80, folded >> 7))
    out = bytearray()
    while folded >= 0x80:
        out.append(folded & 0x7F | 0x80)
        folded >>= 7
    out.append(folded)
    return bytes(out)
