"""Encodes canonical JSON records as shapes and columns (schema 1 of CS/1).

Records of one kind look alike. What they share is their *shape*: the keys, the lists, and every
word of the vocabulary, kept once a batch. What differs are the *leaves*, and every leaf is an
integer: a number, a decimal text without its point ("36.40" has its own shape, so the digits
survive), a time as seconds from the box's own clock, or a place in the batch's table of texts or
UUIDs. The leaves of one shape at one place form a column; the stamps of all records form four.

    [count, rows, shapes, texts, uuids, raw records, columns]

A record that does not fit this form is sent as its own bytes. `sync.packing.decode` is the
reverse.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sync.packing import scalars, templates, varint_columns
from sync.packing.scalars import INTEGER, STAMP, TEXT, UUIDS
from sync.packing.templates import (
    CONSTANTS,
    FIRST_WORD,
    LIST,
    MAX_LEAVES,
    MAX_TEXT,
    OBJECT,
    Mould,
    Stamp,
)
from sync.packing.vocabulary import KEY_NUMBERS, WORD_NUMBERS

MAX_NESTING = 5

Shape = tuple["int | str | Shape", ...] | int
"""A list (0, item, ...), an object (1, key, item, ...), a leaf's kind, or -1 - a word's number."""

TRIED_MOULDS = 12
"""So many of the shapes seen last are tried on a record before it is walked."""

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class _Misfit(Exception):
    """This record does not fit the mould."""


def encode_batch(records: Sequence[bytes], tried: int | None = None) -> list[object]:
    """Return the batch as CBOR-able parts.

    `tried` shapes are tried on a record; none is worth making ready when hardly two are alike.
    """
    batch = _Batch(TRIED_MOULDS if tried is None else tried)
    for record in records:
        batch.add(record)
    return batch.parts()


class _Batch:
    """The tables and columns that grow while records are added."""

    def __init__(self, tried: int) -> None:
        self._tried = tried
        self._rows: list[int] = []
        self._shapes: dict[Shape, int] = {}
        self._leaves: list[list[list[int]]] = []
        self._stamps: list[tuple[int, int, int, int]] = []
        self._moulds: list[tuple[Mould, int]] = []
        self._known: dict[int, dict[str, int]] = {TEXT: {}, UUIDS: {}}
        self._texts: dict[str, int] = {}
        self._uuids: dict[bytes, int] = {}
        self._raw: list[bytes] = []

    def add(self, record: bytes) -> None:
        """Take in a record, by its shape or as it is."""
        if not self._parse_known(record):
            self._walk(record)

    def _parse_known(self, record: bytes) -> bool:
        """Take in a record by a shape that was seen before; False when none fits."""
        try:
            text = record.decode("utf-8")
        except UnicodeDecodeError:
            return False
        for place, (mould, number) in enumerate(self._moulds):
            parsed = mould.parse(text)
            if parsed is not None:
                texts, stamp = parsed
                wall_s = stamp[2] // 1000 if stamp else 0
                flat = mould.flat(texts, wall_s, self._known, self._find)
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
            if len(flat) > MAX_LEAVES:  # the last one of them was not followed by another value
                raise _Misfit
        except _Misfit:
            self._raw.append(record)
            self._rows.append(0)
            return
        number = self._shapes.setdefault(shape, len(self._shapes))
        if number == len(self._leaves):
            self._leaves.append([])
        if self._tried and all(number != known for _, known in self._moulds):
            self._moulds.insert(0, (templates.mould(shape), number))
            del self._moulds[self._tried :]
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
            packed = bytes.fromhex(text.replace("-", ""))
            place = self._uuids.setdefault(packed, len(self._uuids))
        elif self._is_plain(text):
            place = self._place(text)
        else:
            return None
        self._known[kind][text] = place
        return place

    def _is_plain(self, text: str) -> bool:
        if text in WORD_NUMBERS or len(text) > MAX_TEXT:
            return False
        return scalars.number(text, 0) is None and scalars.uuid_bytes(text) is None

    def parts(self) -> list[object]:
        """Return what is sent."""
        tables: list[Sequence[Sequence[int]]] = [self._stamps, *self._leaves]
        cut = b"".join(
            varint_columns.write(c) for table in tables for c in zip(*table, strict=True)
        )
        table = list(self._uuids)
        turned = bytes(u[i] for i in range(16) for u in table)  # like bytes lie together for zstd
        shapes = [_listed(shape) for shape in self._shapes]
        rows = varint_columns.write(self._rows)
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
        found = scalars.number(value, wall_s)
        if found is not None:
            flat.append(found[1])
            return found[0]
        packed = scalars.uuid_bytes(value)
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
    """Return canonical JSON; the value holds only what canonical JSON can express."""
    return _JSON.encode(value).encode("utf-8")


def _misfit(_text: str) -> object:
    raise _Misfit


def _stamp(value: object) -> Stamp | None:
    """Return a record's own time when it is one that the stamps' columns can hold."""
    at = value.get("at") if isinstance(value, dict) else None
    if not isinstance(at, list) or [type(v) for v in at] != [int, int, int, str]:
        return None
    boot, t_ms, wall_ms, quality = at
    fits = (
        max(abs(boot), abs(t_ms), abs(wall_ms)) < varint_columns.LARGEST
        and len(quality) <= MAX_TEXT
    )
    return (boot, t_ms, wall_ms, quality) if fits else None


def _integer(value: object, flat: list[int]) -> Shape:
    if not isinstance(value, int) or abs(value) >= varint_columns.LARGEST:
        raise _Misfit
    flat.append(value)
    return INTEGER


def _listed(shape: Shape) -> object:
    if isinstance(shape, tuple):
        return [_listed(item) if isinstance(item, tuple) else item for item in shape]
    return shape
