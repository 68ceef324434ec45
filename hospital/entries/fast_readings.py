"""Readings in a form that was seen before, taken apart by one match of a pattern.

Nearly all records are readings, of a few dozen forms: the same keys, codes, units and words. What
matches the pattern of a form reads exactly as `hospital.entries.parse` reads it, at a fifth of the
cost; what does not is left to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from edge.model.clock import Stamp

TRIED = 24
"""So many forms are kept, the one seen last first."""

_GAPS = ("device", "model", "patient", "record", "time", "visit")
"""Texts that differ between readings of one form, as do the actor, the times and the values."""
_TEXT = r'"([^"\\\x00-\x1f]{0,2000})"'
_COUNT = "(0|[1-9][0-9]{0,17})"
_NUMBER = r'"(-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,6})?)"'
"""Such a number is written by `Decimal` as it came."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_Piece = str | tuple[str, str]
"""Literal JSON, or the name and the pattern of what differs."""


@dataclass(frozen=True, slots=True)
class ReadingFact:
    """A reading as the box recorded it; the hospital adds only when it came.

    `said` holds the values as JSON: a list of code, digits, unit and comparator.
    """

    kind: str
    source: str
    said: str
    patient: str | None
    visit: str | None
    device: str | None
    model: str | None
    device_time: str | None
    flags: str
    actor: str | None
    at: Stamp


class _Form:
    """The pattern of one form, and where in its groups each field stands."""

    def __init__(self, pieces: list[_Piece], like: ReadingFact, said: str) -> None:
        pattern = "".join(re.escape(p) if isinstance(p, str) else p[1] for p in pieces)
        names = [p[0] for p in pieces if not isinstance(p, str)]
        self._match: Callable[[str], re.Match[str] | None] = re.compile(pattern).fullmatch
        self._like, self._said = like, said
        texts = ("patient", "visit", "device", "model", "time", "actor")
        self._texts = itemgetter(*(names.index(t) if t in names else -1 for t in texts))
        self._stamp = slice(names.index("boot"), names.index("boot") + 3)
        self._values = slice(names.index("value"), names.index("value") + names.count("value"))

    def read(self, record: str) -> ReadingFact | None:
        """Return the reading of a record of this form."""
        match = self._match(record)
        if match is None:
            return None
        found, like = match.groups(), self._like
        boot, t_ms, wall_ms = found[self._stamp]
        stamp = Stamp(int(boot), int(t_ms), int(wall_ms), like.at.quality)
        said = self._said % found[self._values]
        patient, visit, device, model, time, actor = self._texts((*found, None))
        who = patient, visit, device, model, time
        return ReadingFact(like.kind, like.source, said, *who, like.flags, actor, stamp)


_forms: tuple[_Form, ...] = ()


def read(record: bytes) -> ReadingFact | None:
    """Return the reading in a record of a known form; None when it has to be read with care."""
    global _forms
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError:
        return None
    for place, form in enumerate(_forms):
        fact = form.read(text)
        if fact is not None:
            if place:
                _forms = (form, *(f for f in _forms if f is not form))
            return fact
    return None


def learn(record: bytes, fact: ReadingFact) -> None:
    """Keep the form of a record that was read with care, unless it has none."""
    global _forms
    raw = json.loads(record)
    values = raw["body"]["values"]
    if not values:
        return
    said = ",".join(
        f'[{_encode(v[0])},"\0",{_encode(v[2])},{_encode((*v, "")[3])}]' for v in values
    )
    form = _Form(list(_pieces(raw)), fact, f"[{said}]".replace("%", "%%").replace("\0", "%s"))
    if form.read(record.decode("utf-8")) == fact:  # else it is not canonical, or unusual
        _forms = (form, *_forms[: TRIED - 1])


def _pieces(raw: Mapping[str, object]) -> Iterator[_Piece]:
    """Yield the canonical JSON of a record, with gaps where readings of one form differ."""
    yield from _object(raw, _record_item)


def _object(raw: Mapping[str, object], item: Callable[[str, object], list[_Piece]]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for key in sorted(raw):
        pieces += [f"{',' if pieces else '{'}{_encode(key)}:", *item(key, raw[key])]
    return [*pieces, "}"]


def _record_item(key: str, value: object) -> list[_Piece]:
    if key == "actor" and isinstance(value, str):
        return [("actor", _TEXT)]
    if key == "at" and isinstance(value, list):
        gaps: list[_Piece] = ["[", ("boot", _COUNT), ",", ("t_ms", _COUNT), ",", ("wall", _COUNT)]
        return [*gaps, f",{_encode(value[3])}]"]
    if key == "body" and isinstance(value, dict):
        return _object(value, _body_item)
    return [_encode(value)]


def _body_item(key: str, value: object) -> list[_Piece]:
    if key in _GAPS and isinstance(value, str):
        return [(key, _TEXT)]
    if key == "values" and isinstance(value, list):
        pieces: list[_Piece] = []
        for row in value:
            rest = "".join(f",{_encode(part)}" for part in row[2:])
            pieces += [
                f"{',' if pieces else '['}[{_encode(row[0])},",
                ("value", _NUMBER),
                f"{rest}]",
            ]
        return [*pieces, "]"]
    return [_encode(value)]
