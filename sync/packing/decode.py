"""Decodes shapes and columns to records (the reverse of `sync.packing.encode`), with limits.

Leaves become text a column at a time, a block of rows at a time: fast, and never much in memory
before the limit is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from sync.core import wire
from sync.core.wire import MessageError
from sync.packing import scalars, templates, varint_columns
from sync.packing.scalars import DECIMAL, INTEGER, PLACES, STAMP, TEXT, TIME, UUIDS
from sync.packing.templates import LIST, MAX_LEAVES, MAX_TEXT, OBJECT, Stamp, Template, quoted
from sync.packing.vocabulary import WORDS

BLOCK = 50
"""So many rows of a shape are written at once."""

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Column = Sequence[int]


def decode_batch(parts: Sequence[object], limit: int) -> list[bytes]:
    """Return the records of a batch of at most `limit` bytes; raises `MessageError`."""
    try:
        return list(_Batch(parts).records(limit))
    except (ValueError, OverflowError) as error:
        if isinstance(error, MessageError):
            raise
        raise MessageError(f"a record that cannot be built: {error}") from error


class _Batch:
    """The tables and columns of a batch."""

    def __init__(self, parts: Sequence[object]) -> None:
        if len(parts) != 7:
            raise MessageError("a batch has seven parts")
        rows = varint_columns.Reader(wire.take(bytes, parts[1]))
        self._rows = rows.column(wire.count(parts[0]))
        rows.end()
        self._shapes = wire.take(list, parts[2])
        self._words = _Words([wire.text(t, MAX_TEXT) for t in wire.take(list, parts[3])])
        self._uuids = _uuid_table(wire.take(bytes, parts[4]))
        self._raw = [wire.take(bytes, r) for r in wire.take(list, parts[5])]
        self._read(varint_columns.Reader(wire.take(bytes, parts[6])))

    def _read(self, reader: varint_columns.Reader) -> None:
        counts = [0] * (len(self._shapes) + 1)
        for row in self._rows:
            if not 0 <= row < len(counts):
                raise MessageError(f"no shape {row}")
            counts[row] += 1
        stamped = [False, *map(_is_stamped, self._shapes)]
        whose = [row for row in self._rows if stamped[row]]
        self._stamps: list[list[Stamp]] = [[] for _ in counts]
        for row, numbers in zip(
            whose, zip(*_table(reader, 4, len(whose)), strict=True), strict=True
        ):
            boot, t_ms, ahead, quality = numbers
            self._stamps[row].append((boot, t_ms, t_ms + ahead, self._words[quality]))
        self._counts = counts
        self._columns = [
            _table(reader, _width(s), n) for s, n in zip(self._shapes, counts[1:], strict=True)
        ]
        reader.end()

    def records(self, limit: int) -> Iterator[bytes]:
        """Build the records; raises `MessageError` beyond `limit` bytes in all."""
        raw = iter(self._raw)
        sources = [raw, *(self._built(row) for row in range(1, len(self._counts)))]
        for row in self._rows:
            record = next(sources[row], None)
            if record is None:
                raise MessageError("a raw record is missing")
            limit -= len(record)
            if limit < 0:
                raise MessageError("the records are too large together")
            yield record
        if next(raw, None) is not None:
            raise MessageError("a raw record that no row names")

    def _built(self, row: int) -> Iterator[bytes]:
        """Build the records of one shape, block by block."""
        if not self._counts[row]:
            return
        shape, cut = self._shapes[row - 1], self._columns[row - 1]
        template = templates.template(shape)
        for first in range(0, self._counts[row], BLOCK):
            size = min(BLOCK, self._counts[row] - first)
            block = _Block(
                [column[first : first + size] for column in cut],
                self._stamps[row][first : first + size],
                size,
            )
            if template is not None:
                yield from self._filled(template, block)
            else:
                yield from self._walked(shape, block)

    def _filled(self, template: Template, block: _Block) -> Iterator[bytes]:
        cut = iter(block.columns)
        gaps = [
            block.shown_stamps() if kind == STAMP else self._shown(kind, next(cut), block.walls)
            for kind in template.kinds
        ]
        text = template.text
        filled = zip(*gaps, strict=True) if gaps else iter([()] * block.size)
        return ((text % gap).encode("utf-8") for gap in filled)

    def _shown(self, kind: int, column: Column, walls: Sequence[int]) -> Sequence[object]:
        """Return a column's leaves as JSON."""
        if kind == TEXT:
            return list(map(self._words.quoted.__getitem__, column))
        if kind == INTEGER:
            return column
        if kind == UUIDS:
            return list(map(self._uuids.__getitem__, column))
        if kind == TIME:
            return [
                f'"{scalars.datetime_text(n + wall)}"'
                for n, wall in zip(column, walls, strict=True)
            ]
        places = _places(kind)
        if places == 0:
            return [f'"{n}"' for n in column]
        return [f'"{scalars.decimal(n, places)}"' for n in column]

    def _walked(self, shape: object, block: _Block) -> Iterator[bytes]:
        """Build the records of a shape that no template can: its keys are in a strange order."""
        rows = zip(*block.columns, strict=True) if block.columns else iter([()] * block.size)
        stamps: Sequence[Stamp | None] = block.stamps or [None] * block.size
        for flat, at in zip(rows, stamps, strict=True):
            value = self._build(shape, iter(flat), at)
            yield _JSON.encode(value).encode("utf-8")

    def _build(self, shape: object, flat: Iterator[int], at: Stamp | None) -> object:
        if isinstance(shape, list):
            if shape[:1] == [OBJECT]:
                pairs = zip(shape[1::2], shape[2::2], strict=True)
                return {templates.key_of(k): self._build(v, flat, at) for k, v in pairs}
            return [self._build(v, flat, at) for v in shape[1:]]
        kind = wire.take(int, shape)
        return templates.constant_of(kind) if kind < 0 else self._leaf(kind, flat, at)

    def _leaf(self, kind: int, flat: Iterator[int], at: Stamp | None) -> object:
        if kind == STAMP:
            if at is None:
                raise MessageError("a stamp out of place")
            return list(at)
        number = next(flat)
        build = _LEAVES.get(kind)
        if build is None:
            return scalars.decimal(number, _places(kind))
        return build(self, number, at[2] // 1000 if at else 0)

    def _word(self, number: int) -> str:
        return self._words[number]

    def _uuid(self, number: int) -> str:
        return self._uuids[number][1:-1]


_LEAVES: dict[int, Callable[[_Batch, int, int], object]] = {
    TEXT: lambda batch, number, _: batch._word(number),
    INTEGER: lambda _, number, __: number,
    UUIDS: lambda batch, number, _: batch._uuid(number),
    TIME: lambda _, number, wall_s: scalars.datetime_text(number + wall_s),
}


class _Block:
    """Some rows of one shape: their columns, and their stamps if they have any."""

    def __init__(self, cut: Sequence[Column], stamps: Sequence[Stamp], size: int) -> None:
        self.columns, self.stamps, self.size = cut, stamps, size
        self.walls = [at[2] // 1000 for at in stamps] if stamps else [0] * size

    def shown_stamps(self) -> list[str]:
        """Return the stamps as JSON; raises `MessageError` when there are none."""
        if len(self.stamps) != self.size:
            raise MessageError("a stamp out of place")
        return [f"[{boot},{t},{wall},{quoted(quality)}]" for boot, t, wall, quality in self.stamps]


class _Words(dict[int, str]):
    """Texts by number: those of the batch from 0 on, those of the vocabulary below."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(enumerate(texts))
        self.quoted = _QuotedTexts(self)

    def __missing__(self, number: int) -> str:
        """Take a word of the vocabulary; raises `MessageError`."""
        if number >= 0:
            raise MessageError(f"no text {number}")
        return templates.at(WORDS, -1 - number)


class _QuotedTexts(dict[int, str]):
    """The same texts as JSON, each made when it is first wanted."""

    def __init__(self, words: _Words) -> None:
        super().__init__()
        self._plain = words

    def __missing__(self, number: int) -> str:
        """Quote a text; raises `MessageError`."""
        self[number] = text = quoted(self._plain[number])
        return text


class _Uuids(dict[int, str]):
    """UUIDs by number, as JSON."""

    def __missing__(self, number: int) -> str:
        """Raise `MessageError`."""
        raise MessageError(f"no UUID {number}")


def _uuid_table(turned: bytes) -> _Uuids:
    count, rest = divmod(len(turned), 16)
    if rest:
        raise MessageError("half a UUID")
    return _Uuids({i: f'"{UUID(bytes=turned[i::count])}"' for i in range(count)})


def _places(kind: int) -> int:
    if not DECIMAL <= kind <= DECIMAL + PLACES:
        raise MessageError(f"no leaf of kind {kind}")
    return kind - DECIMAL


def _table(reader: varint_columns.Reader, width: int, count: int) -> list[Column]:
    """Read the columns of `count` rows."""
    if width > MAX_LEAVES:
        raise MessageError(f"{width} columns")
    return [reader.column(count) for _ in range(width)]


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
