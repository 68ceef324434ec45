"""Blanking of bytes, and rewriting the frames that a pattern finds, for all maskers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TELLING = re.compile(rb"[0-9A-Za-z\x80-\xff]")
BLANK = b"X"


@dataclass(frozen=True, slots=True)
class MaskedBytes:
    """Masked bytes; how many fields that held something were blanked, and how many bytes were
    blanked because nothing in them was understood."""

    data: bytes
    fields: int = 0
    not_understood: int = 0


@dataclass(frozen=True, slots=True)
class MaskedFrame:
    """A frame as it may be written, of its old length, and how many fields were blanked in it."""

    data: bytes
    fields: int = 0


def blank(data: bytes) -> bytes:
    """Return data with every letter and digit made X; separators and control bytes stay."""
    return _TELLING.sub(BLANK, data)


def by_pattern(
    data: bytes, pattern: re.Pattern[bytes], keep: Callable[[re.Match[bytes]], MaskedFrame | None]
) -> MaskedBytes:
    """Rewrite every match by `keep`; blank what it returns None for, and all between matches."""
    parts: list[bytes] = []
    fields = lost = at = 0
    for match in pattern.finditer(data):
        between = blank(data[at : match.start()])
        kept = keep(match)
        parts += [between, blank(match[0]) if kept is None else kept.data]
        lost += _changed(data[at : match.start()], between)
        lost += 0 if kept else _changed(match[0], blank(match[0]))
        fields += kept.fields if kept else 0
        at = match.end()
    tail = blank(data[at:])
    return MaskedBytes(b"".join((*parts, tail)), fields, lost + _changed(data[at:], tail))


def by_parts(pattern: re.Pattern[bytes], data: bytes) -> MaskedFrame | None:
    """Keep the even groups of a full match and blank the odd ones; None when it does not match."""
    match = pattern.fullmatch(data)
    if match is None:
        return None
    parts = [part or b"" for part in match.groups()]
    new = [blank(part) if at % 2 else part for at, part in enumerate(parts)]
    blanked = sum(1 for part in parts[1::2] if blank(part) != part)
    return MaskedFrame(b"".join(new), blanked)


def _changed(old: bytes, new: bytes) -> int:
    return len(old) if old != new else 0
