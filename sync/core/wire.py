"""Strict decoding of the CBOR values of CS/1: each value has one encoding, others are refused.

CBOR in its deterministic form (RFC 8949 section 4.2.1). A value that does not encode back to the
very bytes it came from is refused, which shuts out tags, indefinite lengths, duplicate keys,
trailing bytes and numbers in a longer form than needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import cbor2

from edge.model.bounds import LAST_MS, MAX_COUNT

MAX_DEPTH = 8
MAX_INT = MAX_COUNT

T = TypeVar("T")


class MessageError(ValueError):
    """Bytes that are not a message of CS/1; the sender is at fault."""


def dump(value: object) -> bytes:
    """Encode deterministically."""
    return cbor2.dumps(value, canonical=True)


def load_array(data: bytes, *lengths: int) -> list[object]:
    """Decode an array that has one of the given lengths; raises `MessageError`."""
    value = load(data)
    if not isinstance(value, list) or len(value) not in lengths:
        raise MessageError(f"not an array of {' or '.join(map(str, lengths))}")
    return value


def load(data: bytes) -> object:
    """Decode one value in its deterministic form; raises `MessageError`."""
    try:
        value: object = cbor2.loads(
            data,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=_NO_TAGS,
        )
        canonical = dump(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise MessageError(f"not CBOR: {error}") from error
    if canonical != data:
        raise MessageError("not in deterministic form")
    return value


def take(kind: type[T], value: object) -> T:
    """Return `value` when it is exactly of this type (a bool is no int); raises `MessageError`."""
    if type(value) is not kind:
        raise MessageError(f"{kind.__name__} expected, got {type(value).__name__}")
    return value


def count(value: object) -> int:
    """Return a non-negative integer up to `MAX_INT`; raises `MessageError`."""
    number = take(int, value)
    if not 0 <= number <= MAX_INT:
        raise MessageError(f"{number} is out of range")
    return number


def drawn(value: object) -> int:
    """Return a number that was drawn at random below 2**63; raises `MessageError`."""
    number = take(int, value)
    if not 0 <= number < 2**63:
        raise MessageError(f"{number} is out of range")
    return number


def moment(value: object) -> int:
    """Return a time in Unix milliseconds, before the year 9999; raises `MessageError`."""
    number = count(value)
    if number > LAST_MS:
        raise MessageError(f"{number} is no time")
    return number


def octets(value: object, size: int) -> bytes:
    """Return a byte string of exactly `size` bytes; raises `MessageError`."""
    data = take(bytes, value)
    if len(data) != size:
        raise MessageError(f"{size} bytes expected, got {len(data)}")
    return data


def text(value: object, limit: int = 200) -> str:
    """Return a text of at most `limit` characters; raises `MessageError`."""
    words = take(str, value)
    if len(words) > limit:
        raise MessageError(f"text of {len(words)} characters, at most {limit} allowed")
    return words


def _refuse_tag(_decoder: object, _immutable: bool) -> object:
    raise MessageError("tags have no place here")


class _NoTags(Mapping[int, Callable[[object, bool], object]]):
    """What the library asks for the decoder of a tag: it knows many, and none has a place here.

    A regular expression or a date would be made of bytes whose sender is not known yet.
    """

    def __getitem__(self, tag: int) -> Callable[[object, bool], object]:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


_NO_TAGS = _NoTags()
