"""Compiles a shape: to a regular expression that parses records, and to a text to fill in.

Records of one shape come by the hundred. Walking each one's JSON takes ten times as long as one
match of a regular expression, and the outcome is the same, byte for byte: a record that the
pattern does not take apart exactly as a walk would is left to the walk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from sync.core import wire
from sync.core.wire import MessageError
from sync.packing import scalars
from sync.packing.scalars import DECIMAL, INTEGER, PLACES, STAMP, TEXT, TIME, UUIDS
from sync.packing.vocabulary import KEYS, WORDS

LIST, OBJECT = 0, 1
CONSTANTS: tuple[object, ...] = (None, True, False)
FIRST_WORD = -1 - len(CONSTANTS)
MAX_LEAVES = 200
MAX_TEXT = 1_000

Stamp = tuple[int, int, int, str]
Pieces = Iterator[str | int]
"""The JSON text of a shape in order: literal text, and the kinds of its leaves in between."""
Known = Mapping[int, Mapping[str, int]]
Place = Callable[[int, str], int | None]

_WHOLE = r"(?:0|-?[1-9][0-9]{0,17})"
_PLAIN_TEXT = r'[^"\\\x00-\x1f]*'
_STAMP = rf'\[({_WHOLE}),({_WHOLE}),({_WHOLE}),"({_PLAIN_TEXT})"\]'
_PATTERNS = {
    TEXT: f'"({_PLAIN_TEXT})"',
    INTEGER: f"({_WHOLE})",
    UUIDS: '"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"',
    TIME: '"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"',
    STAMP: _STAMP,
    DECIMAL: '"(0|-?[1-9][0-9]{0,13})"',
    **{
        DECIMAL + n: rf'"(-?(?:0|[1-9][0-9]{{0,{12 - n}}})\.[0-9]{{{n}}})"'
        for n in range(1, PLACES + 1)
    },
}
_STAMP_GROUPS = 4


class Mould:
    """The pattern of one shape."""

    def __init__(self, shape: object) -> None:
        pieces = list(pieces_of(shape))
        kinds = [p for p in pieces if isinstance(p, int)]
        before = kinds.index(STAMP) if STAMP in kinds else None
        self._match = re.compile(
            "".join(_PATTERNS[p] if isinstance(p, int) else re.escape(p) for p in pieces)
        ).fullmatch
        self._stamp_at = before
        self._kinds = [kind for kind in kinds if kind != STAMP]

    def parse(self, record: str) -> tuple[Sequence[str], Stamp | None] | None:
        """Return the texts of a record's leaves and its stamp; None when it does not fit."""
        match = self._match(record)
        if match is None:
            return None
        groups = match.groups()
        at = self._stamp_at
        if at is None:
            return groups, None
        boot, t_ms, wall_ms, quality = groups[at : at + _STAMP_GROUPS]
        stamp = int(boot), int(t_ms), int(wall_ms), quality
        return groups[:at] + groups[at + _STAMP_GROUPS :], stamp

    def flat(
        self, texts: Sequence[str], wall_s: int, known: Known, place: Place
    ) -> list[int] | None:
        """Return the leaves as integers; None when one of them is not of its kind.

        `known` holds the places of texts and UUIDs; `place` finds one a place that has none yet,
        None when it is no such leaf.
        """
        out: list[int] = []
        for kind, text in zip(self._kinds, texts, strict=True):
            number: int | None
            if kind in known:
                number = known[kind].get(text)
                if number is None:
                    number = place(kind, text)
            else:
                number = _number(kind, text, wall_s)
            if number is None:
                return None
            out.append(number)
        return out


def _number(kind: int, text: str, wall_s: int) -> int | None:
    if kind > DECIMAL:
        number = int(text.replace(".", ""))
        return None if number == 0 and text[0] == "-" else number
    if kind == TIME:
        total = scalars.seconds(text)
        return None if total is None else total - wall_s
    return int(text)


@lru_cache(256)
def mould(shape: object) -> Mould:
    """Return the mould of a shape, made once."""
    return Mould(shape)


class Template:
    """The text of one shape, with a gap for every leaf."""

    def __init__(self, text: str, kinds: Sequence[int]) -> None:
        self.text = text
        self.kinds = kinds


def template(shape: object) -> Template | None:
    """Return the template of a received shape, None when only a walk can build its records.

    Raises `MessageError` for a key or word that nobody knows.
    """
    pieces = list(pieces_of(shape))
    if not _in_order(shape):
        return None
    text = "".join("%s" if isinstance(p, int) else p.replace("%", "%%") for p in pieces)
    return Template(text, [p for p in pieces if isinstance(p, int)])


@lru_cache(512)
def quoted(text: str) -> str:
    """Return a text as canonical JSON writes it."""
    return json.dumps(text, ensure_ascii=False)


def key_of(value: object) -> str:
    """Return the key that a shape names, by number or as it is; raises `MessageError`."""
    return at(KEYS, value) if type(value) is int else wire.text(value, wire.MAX_INT)


def constant_of(kind: int) -> object:
    """Return what a negative kind stands for; raises `MessageError`."""
    number = -1 - kind
    return CONSTANTS[number] if number < len(CONSTANTS) else at(WORDS, number - len(CONSTANTS))


def at(table: Sequence[str], number: int) -> str:
    """Return an entry of a table; raises `MessageError`."""
    if not 0 <= number < len(table):
        raise MessageError(f"no entry {number} in a table of {len(table)}")
    return table[number]


def pieces_of(shape: object) -> Pieces:
    """Yield the JSON text of a shape, leaf kinds in between; raises `MessageError`."""
    if not isinstance(shape, list | tuple):
        kind = wire.take(int, shape)
        yield kind if kind >= 0 else json.dumps(constant_of(kind), ensure_ascii=False)
        return
    is_object = shape[0] == OBJECT
    yield "{" if is_object else "["
    comma = ""
    for i in range(1, len(shape), 2 if is_object else 1):
        yield comma + (quoted(key_of(shape[i])) + ":" if is_object else "")
        yield from pieces_of(shape[i + 1] if is_object else shape[i])
        comma = ","
    yield "}" if is_object else "]"


def _in_order(shape: object, depth: int = 0) -> bool:
    """Whether the keys are sorted and unique, and no stamp lies below the top."""
    if not isinstance(shape, list | tuple):
        return shape != STAMP or depth == 1
    if shape[0] == OBJECT:
        keys = [key_of(k) for k in shape[1::2]]
        if any(a >= b for a, b in zip(keys, keys[1:], strict=False)):
            return False
        return all(_in_order(inner, depth + 1) for inner in shape[2::2])
    return all(_in_order(inner, depth + 2) for inner in shape[1:])
