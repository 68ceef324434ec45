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
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from sync import columns, leaves, moulds
from sync.core import wire
from sync.core.wire import MessageError
from sync.leaves import DECIMAL, INTEGER, PLACES, STAMP, TEXT, TIME, UUIDS
from sync.moulds import CONSTANTS, FIRST_WORD, LIST, OBJECT, Mould, Stamp, Template, quoted
from sync.vocabulary import KEY_NUMBERS, WORD_NUMBERS, WORDS

MAX_LEAVES = 200
MAX_NESTING = 5
MAX_TEXT = 1_000

Shape = tuple["int | str | Shape", ...] | int
"""A list (0, item, ...), an object (1, key, item, ...), a leaf's kind, or -1 - a word's number."""

TRIED_MOULDS = 12
"""So many of the shapes seen last are tried on a record before it is walked."""

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
        self._moulds: list[tuple[Mould, int]] = []
        self._plain: dict[str, int] = {}
        self._texts: dict[str, int] = {}
        self._uuids: dict[bytes, int] = {}
        self._raw: list[bytes] = []

    def add(self, record: bytes) -> None:
        """Take in a record, by its shape or as it is."""
        if not self._press(record):
            self._walk(record)

    def _press(self, record: bytes) -> bool:
        """Take in a record by a shape that was seen before; False when none fits."""
        try:
            text = record.decode("utf-8")
        except UnicodeDecodeError:
            return False
        for place, (mould, number) in enumerate(self._moulds):
            pressed = mould.press(text)
            if pressed is not None:
                texts, stamp = pressed
                flat = mould.flat(texts, stamp[2] // 1000 if stamp else 0, self._find)
                if flat is None or (stamp is not None and len(stamp[3]) > MAX_TEXT):
                    return False
                if place:
                    self._moulds.insert(0, self._moulds.pop(place))
                self._enter(number, flat, stamp)
                return True
        return False

    def _walk(self, record: bytes) -> None:
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
        if all(number != known for _, known in self._moulds):
            self._moulds.insert(0, (moulds.mould(shape), number))
            del self._moulds[TRIED_MOULDS:]
        self._enter(number, flat, stamp)

    def _enter(self, number: int, flat: list[int], stamp: Stamp | None) -> None:
        self._leaves[number].append(flat)
        self._rows.append(number + 1)
        if stamp is not None:
            boot, t_ms, wall_ms, quality = stamp
            self._stamps.append((boot, t_ms, wall_ms - t_ms, self._place(quality)))

    def _find(self, kind: int, text: str) -> int | None:
        """Find a text or UUID its place; None for what a walk would take for something else."""
        if kind == UUIDS:
            return self._uuids.setdefault(bytes.fromhex(text.replace("-", "")), len(self._uuids))
        place = self._plain.get(text)
        if place is None and self._is_plain(text):
            place = self._plain[text] = self._place(text)
        return place

    def _is_plain(self, text: str) -> bool:
        if text in WORD_NUMBERS or len(text) > MAX_TEXT:
            return False
        return leaves.number(text, 0) is None and leaves.uuid_bytes(text) is None

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
            return (LIST, *(self._shape(v, wall_s, flat, depth + 1) for v in value))
        if isinstance(value, str):
            return self._text(value, wall_s, flat)
        if isinstance(value, bool) or value is None:
            return -1 - CONSTANTS.index(value)
        return _integer(value, flat)

    def _object(self, value: dict[str, object], wall_s: int, flat: list[int], depth: int) -> Shape:
        items: list[int | str | Shape] = [OBJECT]
        for key, inner in value.items():
            items.append(KEY_NUMBERS.get(key, key))
            stamped = depth == 0 and key == "at" and _stamp(value) is not None
            items.append(STAMP if stamped else self._shape(inner, wall_s, flat, depth + 1))
        return tuple(items)

    def _text(self, value: str, wall_s: int, flat: list[int]) -> Shape:
        if value in WORD_NUMBERS:
            return FIRST_WORD - WORD_NUMBERS[value]
        found = leaves.number(value, wall_s)
        if found is not None:
            flat.append(found[1])
            return found[0]
        packed = leaves.uuid_bytes(value)
        if packed is not None:
            flat.append(self._uuids.setdefault(packed, len(self._uuids)))
            return UUIDS
        flat.append(self._place(value))
        return TEXT

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
        self._at: Stamp | None = None
        self._templates: dict[int, Template | None] = {}
        self._quotes: dict[int, str] = {}
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
        template = self._template(row - 1)
        try:
            if template is not None:
                return self._filled(template, flat, wall_s)
            return _written(self._build(self._shapes[row - 1], flat, wall_s))
        except (ValueError, OverflowError) as error:
            raise MessageError(f"a record that cannot be built: {error}") from error

    def _template(self, shape: int) -> Template | None:
        if shape not in self._templates:
            self._templates[shape] = moulds.template(self._shapes[shape])
        return self._templates[shape]

    def _filled(self, template: Template, flat: Iterator[int], wall_s: int) -> bytes:
        gaps: list[object] = []
        for kind in template.kinds:
            if kind == TEXT:
                gaps.append(self._quoted(next(flat)))
            elif kind == INTEGER:
                gaps.append(next(flat))
            elif kind == STAMP and self._at is not None:
                boot, t_ms, wall_ms, quality = self._at
                gaps.append(f"[{boot},{t_ms},{wall_ms},{quoted(quality)}]")
            else:
                gaps.append(f'"{self._leaf(kind, flat, wall_s)}"')
        return (template.text % tuple(gaps)).encode("utf-8")

    def _quoted(self, number: int) -> str:
        if number not in self._quotes:
            self._quotes[number] = quoted(self._word(number))
        return self._quotes[number]

    def _next_stamp(self) -> Stamp:
        boot, t_ms, ahead, quality = next(self._stamps)
        return boot, t_ms, t_ms + ahead, self._word(quality)

    def _build(self, shape: object, flat: Iterator[int], wall_s: int) -> object:
        if isinstance(shape, list):
            if shape[:1] == [OBJECT]:
                pairs = zip(shape[1::2], shape[2::2], strict=True)
                return {moulds.key_of(k): self._build(v, flat, wall_s) for k, v in pairs}
            return [self._build(v, flat, wall_s) for v in shape[1:]]
        kind = wire.take(int, shape)
        return moulds.constant_of(kind) if kind < 0 else self._leaf(kind, flat, wall_s)

    def _leaf(self, kind: int, flat: Iterator[int], wall_s: int) -> object:
        if kind == STAMP:
            if self._at is None:
                raise MessageError("a stamp out of place")
            return list(self._at)
        number = next(flat)
        if DECIMAL <= kind <= DECIMAL + PLACES:
            return leaves.decimal(number, kind - DECIMAL)
        build = _LEAVES.get(kind)
        if build is None:
            raise MessageError(f"no leaf of kind {kind}")
        return build(self, number, wall_s)

    def _word(self, number: int) -> str:
        if number < 0:
            return moulds.at(WORDS, -1 - number)
        return moulds.at(self._texts, number)

    def _uuid_at(self, number: int) -> str:
        return moulds.at(self._uuids, number)


_LEAVES: dict[int, Callable[[_Unfolding, int, int], object]] = {
    TEXT: lambda batch, number, _: batch._word(number),
    INTEGER: lambda _, number, __: number,
    UUIDS: lambda batch, number, _: batch._uuid_at(number),
    TIME: lambda _, number, wall_s: leaves.datetime_text(number + wall_s),
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


def _stamp(value: object) -> Stamp | None:
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
    return INTEGER


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


def _width(shape: object) -> int:
    """Count the leaves of a shape; raises `MessageError` when it is none."""
    if not isinstance(shape, list):
        kind = wire.take(int, shape)
        return int(kind >= 0 and kind != STAMP)
    if shape[:1] not in ([LIST], [OBJECT]):
        raise MessageError("neither a list nor an object")
    if shape[0] == LIST:
        return sum(_width(item) for item in shape[1:])
    if len(shape) % 2 == 0:
        raise MessageError("a key without a value")
    return sum(_width(item) for item in shape[2::2])


def _is_stamped(shape: object) -> bool:
    return isinstance(shape, list) and shape[:1] == [OBJECT] and STAMP in shape[2::2]
