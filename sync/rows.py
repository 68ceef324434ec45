"""Canonical JSON records as shapes and columns (schema 1 of CS/1): nothing is said twice.

Records of one kind look alike. What they share is their *shape*: the keys, the lists, and every
word of the vocabulary, kept once a batch. What differs are the *leaves*, and every leaf is an
integer: a number, a decimal text without its point ("36.40" has its own shape, so the digits
survive), a time as seconds from the box's own clock, or a place in the batch's table of texts or
UUIDs. The leaves of one shape at one place form a column; the stamps of all records form four.

    [count, rows, shapes, texts, uuids, raw records, columns]

A record that does not fit this mould, whatever it is, travels as its bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from uuid import UUID

from sync import columns
from sync.core import wire
from sync.core.wire import MessageError
from sync.vocabulary import KEY_NUMBERS, KEYS, WORD_NUMBERS, WORDS

MAX_LEAVES = 200
MAX_NESTING = 5
MAX_TEXT = 1_000
MAX_DIGITS = 15

Shape = tuple["int | str | Shape", ...] | int
"""A list (0, item, ...), an object (1, key, item, ...), a leaf's kind, or -1 - a word's number."""

_LIST, _OBJECT = 0, 1
_TEXT, _INTEGER, _UUID, _TIME, _STAMP = range(5)
_DECIMAL = 8  # and the number of decimal places, 0 to 6
_PLACES = 6
_CONSTANTS: tuple[object, ...] = (None, True, False)
_FIRST_WORD = -1 - len(_CONSTANTS)
_DIGITS = re.compile(r"-?\d+(?:\.(\d{1,6}))?")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)")

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class _Misfit(Exception):
    """This record does not fit the mould."""


def fold(records: Sequence[bytes]) -> list[object]:
    """Return the batch as CBOR-able parts."""
    batch = _Batch()
    for record in records:
        batch.add(record)
    return batch.parts()


def unfold(parts: Sequence[object], limit: int) -> list[bytes]:
    """Return the records of a batch of at most `limit` bytes; raises `MessageError`."""
    return list(_Unfolding(parts).records(limit))


class _Batch:
    """The tables and columns that grow while records are added."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._shapes: dict[Shape, int] = {}
        self._leaves: list[list[list[int]]] = []
        self._stamps: list[tuple[int, int, int, int]] = []
        self._texts: dict[str, int] = {}
        self._uuids: dict[bytes, int] = {}
        self._raw: list[bytes] = []

    def add(self, record: bytes) -> None:
        """Take in a record, by its shape or as it is."""
        try:
            value = _parse(record)
            stamp = _stamp(value)
            flat: list[int] = []
            shape = self._shape(value, stamp[2] // 1000 if stamp else 0, flat, 0)
        except _Misfit:
            self._raw.append(record)
            self._rows.append(0)
            return
        number = self._shapes.setdefault(shape, len(self._shapes))
        if number == len(self._leaves):
            self._leaves.append([])
        self._leaves[number].append(flat)
        self._rows.append(number + 1)
        if stamp is not None:
            boot, t_ms, wall_ms, quality = stamp
            self._stamps.append((boot, t_ms, wall_ms - t_ms, self._place(quality)))

    def parts(self) -> list[object]:
        """Return what is sent."""
        tables: list[Sequence[Sequence[int]]] = [self._stamps, *self._leaves]
        cut = b"".join(columns.write(c) for table in tables for c in zip(*table, strict=True))
        table = list(self._uuids)
        turned = bytes(u[i] for i in range(16) for u in table)  # like bytes lie together for zstd
        shapes = [_listed(shape) for shape in self._shapes]
        rows = columns.write(self._rows)
        return [len(self._rows), rows, shapes, list(self._texts), turned, self._raw, cut]

    def _shape(self, value: object, wall_s: int, flat: list[int], depth: int) -> Shape:
        if len(flat) > MAX_LEAVES or depth > MAX_NESTING:
            raise _Misfit
        if isinstance(value, dict):
            return self._object(value, wall_s, flat, depth)
        if isinstance(value, list):
            return (_LIST, *(self._shape(v, wall_s, flat, depth + 1) for v in value))
        if isinstance(value, str):
            return self._text(value, wall_s, flat)
        if isinstance(value, bool) or value is None:
            return -1 - _CONSTANTS.index(value)
        return _integer(value, flat)

    def _object(self, value: dict[str, object], wall_s: int, flat: list[int], depth: int) -> Shape:
        items: list[int | str | Shape] = [_OBJECT]
        for key, inner in value.items():
            items.append(KEY_NUMBERS.get(key, key))
            stamped = depth == 0 and key == "at" and _stamp(value) is not None
            items.append(_STAMP if stamped else self._shape(inner, wall_s, flat, depth + 1))
        return tuple(items)

    def _text(self, value: str, wall_s: int, flat: list[int]) -> Shape:
        if value in WORD_NUMBERS:
            return _FIRST_WORD - WORD_NUMBERS[value]
        for kind, number in _numbers(value, wall_s):
            flat.append(number)
            return kind
        packed = _uuid(value)
        if packed is not None:
            flat.append(self._uuids.setdefault(packed, len(self._uuids)))
            return _UUID
        flat.append(self._place(value))
        return _TEXT

    def _place(self, value: str) -> int:
        if len(value) > MAX_TEXT:
            raise _Misfit
        if value in WORD_NUMBERS:
            return -1 - WORD_NUMBERS[value]
        return self._texts.setdefault(value, len(self._texts))


class _Unfolding:
    """The way back: reads the tables, then builds record after record."""

    def __init__(self, parts: Sequence[object]) -> None:
        if len(parts) != 7:
            raise MessageError("a batch has seven parts")
        self._at: tuple[int, int, int, str] | None = None
        self._count = wire.count(parts[0])
        rows = columns.Reader(wire.take(bytes, parts[1]))
        self._rows = rows.column(self._count)
        rows.end()
        self._shapes = wire.take(list, parts[2])
        self._texts = [wire.text(t, MAX_TEXT) for t in wire.take(list, parts[3])]
        self._uuids = _uuid_table(wire.take(bytes, parts[4]))
        self._raw = iter([wire.take(bytes, r) for r in wire.take(list, parts[5])])
        self._leaves = self._read(columns.Reader(wire.take(bytes, parts[6])))

    def records(self, limit: int) -> Iterator[bytes]:
        """Build the records; raises `MessageError` beyond `limit` bytes in all."""
        for row in self._rows:
            record = self._record(row)
            limit -= len(record)
            if limit < 0:
                raise MessageError("the records are too large together")
            yield record
        if next(self._raw, None) is not None:
            raise MessageError("a raw record that no row names")

    def _read(self, reader: columns.Reader) -> list[Iterator[tuple[int, ...]]]:
        counts = [0] * (len(self._shapes) + 1)
        for row in self._rows:
            if not 0 <= row < len(counts):
                raise MessageError(f"no shape {row}")
            counts[row] += 1
        stamped = [_is_stamped(shape) for shape in self._shapes]
        total = sum(n for n, has in zip(counts[1:], stamped, strict=True) if has)
        self._stamped, self._stamps = stamped, _table(reader, 4, total)
        tables = [
            _table(reader, _width(s), n) for s, n in zip(self._shapes, counts[1:], strict=True)
        ]
        reader.end()
        return tables

    def _record(self, row: int) -> bytes:
        if row == 0:
            record = next(self._raw, None)
            if record is None:
                raise MessageError("a raw record is missing")
            return record
        flat = iter(next(self._leaves[row - 1]))
        self._at = self._next_stamp() if self._stamped[row - 1] else None
        wall_s = self._at[2] // 1000 if self._at else 0
        try:
            return _written(self._build(self._shapes[row - 1], flat, wall_s))
        except (ValueError, OverflowError) as error:
            raise MessageError(f"a record that cannot be built: {error}") from error

    def _next_stamp(self) -> tuple[int, int, int, str]:
        boot, t_ms, ahead, quality = next(self._stamps)
        return boot, t_ms, t_ms + ahead, self._word(quality)

    def _build(self, shape: object, flat: Iterator[int], wall_s: int) -> object:
        if isinstance(shape, list):
            if shape[:1] == [_OBJECT]:
                pairs = zip(shape[1::2], shape[2::2], strict=True)
                return {_key(k): self._build(v, flat, wall_s) for k, v in pairs}
            return [self._build(v, flat, wall_s) for v in shape[1:]]
        kind = wire.take(int, shape)
        return _constant(kind) if kind < 0 else self._leaf(kind, flat, wall_s)

    def _leaf(self, kind: int, flat: Iterator[int], wall_s: int) -> object:
        if kind == _STAMP:
            if self._at is None:
                raise MessageError("a stamp out of place")
            return list(self._at)
        number = next(flat)
        if _DECIMAL <= kind <= _DECIMAL + _PLACES:
            return _decimal(number, kind - _DECIMAL)
        build = _LEAVES.get(kind)
        if build is None:
            raise MessageError(f"no leaf of kind {kind}")
        return build(self, number, wall_s)

    def _word(self, number: int) -> str:
        if number < 0:
            return _at(WORDS, -1 - number)
        return _at(self._texts, number)

    def _uuid_at(self, number: int) -> str:
        return _at(self._uuids, number)


_LEAVES: dict[int, Callable[[_Unfolding, int, int], object]] = {
    _TEXT: lambda batch, number, _: batch._word(number),
    _INTEGER: lambda _, number, __: number,
    _UUID: lambda batch, number, _: batch._uuid_at(number),
    _TIME: lambda _, number, wall_s: _datetime(number + wall_s),
}


# --- one value at a time ----------------------------------------------------------------------


def _parse(record: bytes) -> object:
    try:
        value: object = json.loads(record, parse_float=_misfit, parse_constant=_misfit)
        if _written(value) != record:
            raise _Misfit
    except (ValueError, RecursionError) as error:
        raise _Misfit from error
    return value


def _written(value: object) -> bytes:
    """Return canonical JSON; the value holds nothing but what canonical JSON can say."""
    return _JSON.encode(value).encode("utf-8")


def _misfit(_text: str) -> object:
    raise _Misfit


def _stamp(value: object) -> tuple[int, int, int, str] | None:
    """Return a record's own time when it is one that the stamps' columns can hold."""
    at = value.get("at") if isinstance(value, dict) else None
    if not isinstance(at, list) or [type(v) for v in at] != [int, int, int, str]:
        return None
    boot, t_ms, wall_ms, quality = at
    fits = max(abs(boot), abs(t_ms), abs(wall_ms)) < columns.LARGEST and len(quality) <= MAX_TEXT
    return (boot, t_ms, wall_ms, quality) if fits else None


def _integer(value: object, flat: list[int]) -> Shape:
    if not isinstance(value, int) or abs(value) >= columns.LARGEST:
        raise _Misfit
    flat.append(value)
    return _INTEGER


def _numbers(value: str, wall_s: int) -> Iterator[tuple[int, int]]:
    """Yield the kind and number of a text that is a decimal or a time, exactly as written."""
    match = _DIGITS.fullmatch(value)
    if match and len(value) <= MAX_DIGITS:
        places = len(match[1] or "")
        number = int(value.replace(".", ""))
        if _decimal(number, places) == value:
            yield _DECIMAL + places, number
    elif (seconds := _seconds(value)) is not None:
        yield _TIME, seconds - wall_s


def _decimal(number: int, places: int) -> str:
    digits = str(abs(number)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{'-' if number < 0 else ''}{whole}{'.' if places else ''}{part}"


def _seconds(value: str) -> int | None:
    match = _DATETIME.fullmatch(value)
    if match is None:
        return None
    try:
        days = date.fromisoformat(match[1]).toordinal()
    except ValueError:
        return None
    hours, minutes, seconds = (int(match[i]) for i in (2, 3, 4))
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if _datetime(total) == value else None


def _datetime(total: int) -> str:
    days, rest = divmod(total, 86_400)
    day = date.fromordinal(days).isoformat()
    return f"{day}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def _uuid(value: str) -> bytes | None:
    if len(value) != 36:
        return None
    try:
        packed = UUID(value)
    except ValueError:
        return None
    return packed.bytes if str(packed) == value else None


def _table(reader: columns.Reader, width: int, count: int) -> Iterator[tuple[int, ...]]:
    """Read the columns of `count` rows; yields them row by row."""
    if width > MAX_LEAVES:
        raise MessageError(f"{width} columns")
    cut = [reader.column(count) for _ in range(width)]
    return zip(*cut, strict=True) if cut else iter([()] * count)


def _uuid_table(turned: bytes) -> list[str]:
    count, rest = divmod(len(turned), 16)
    if rest:
        raise MessageError("half a UUID")
    return [str(UUID(bytes=turned[i::count])) for i in range(count)]


def _listed(shape: Shape) -> object:
    if isinstance(shape, tuple):
        return [_listed(item) if isinstance(item, tuple) else item for item in shape]
    return shape


def _key(value: object) -> str:
    if type(value) is int:
        return _at(KEYS, value)
    return wire.text(value, wire.MAX_INT)


def _constant(kind: int) -> object:
    number = -1 - kind
    return _CONSTANTS[number] if number < len(_CONSTANTS) else _at(WORDS, number - len(_CONSTANTS))


def _at(table: Sequence[str], number: int) -> str:
    if not 0 <= number < len(table):
        raise MessageError(f"no entry {number} in a table of {len(table)}")
    return table[number]


def _width(shape: object) -> int:
    """Count the leaves of a shape; raises `MessageError` when it is none."""
    if not isinstance(shape, list):
        kind = wire.take(int, shape)
        return int(kind >= 0 and kind != _STAMP)
    if shape[:1] not in ([_LIST], [_OBJECT]):
        raise MessageError("neither a list nor an object")
    if shape[0] == _LIST:
        return sum(_width(item) for item in shape[1:])
    if len(shape) % 2 == 0:
        raise MessageError("a key without a value")
    return sum(_width(item) for item in shape[2::2])


def _is_stamped(shape: object) -> bool:
    return isinstance(shape, list) and shape[:1] == [_OBJECT] and _STAMP in shape[2::2]
