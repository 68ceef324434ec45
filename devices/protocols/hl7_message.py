"""HL7 v2: a message in segments.

Segments end with CR. LF ends one only where no CR stands between two segments; a CR behind the last
one is none, and CR LF is one end. Fields are numbered as in the standard: MSH-1 is the separator
itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.protocols.laboratory_ends import Grammar, rows_of

RESULT_MESSAGES = frozenset({"", "ORU", "OUL"})
"""Unsolicited observations; a message that does not name its type is taken for one."""

GRAMMAR = Grammar(
    row=re.compile(r"[A-Z][A-Z0-9]{2}(?:[^A-Za-z0-9\s].*)?", re.DOTALL),
    head="MSH",
    result="OBX",
    notes=("NTE",),
)
_ESCAPES = {"F": 0, "S": 1, "R": 2, "E": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its name, and its fields by the standard's numbers."""

    name: str
    fields: tuple[str, ...]

    def of(self, number: int) -> str:
        """Return a field; one that was not sent is empty."""
        at = number - 1 if self.name == "MSH" else number
        return self.fields[at] if 0 <= at < len(self.fields) else ""


NO_SEGMENT = Segment("", ())


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `signs` are separator, component, repeat, escape and subcomponent."""

    signs: str
    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        """The MSH segment."""
        return self.segments[0]

    @property
    def type(self) -> str:
        """MSH-9, such as ORU^R01."""
        return self.plain(self.head.of(9))

    @property
    def id(self) -> str:
        """MSH-10, the sender's control id."""
        return self.head.of(10)

    def plain(self, field: str) -> str:
        """Return the first repeat of a field with `^` between components and escapes undone."""
        return self.repeats(field)[0]

    def repeats(self, field: str) -> list[str]:
        """Return all repeats of a field in the form of `plain`."""
        repeat = self.signs[2]
        return [self._plain(part) for part in (field.split(repeat) if repeat.strip() else [field])]

    def _plain(self, text: str) -> str:
        component, escape = self.signs[1], self.signs[3]
        text = text if component == "^" else text.replace("^", "*").replace(component, "^")
        if not escape.strip() or escape not in text:
            return text
        mark = re.escape(escape)
        return re.sub(f"{mark}([FSRET]|X[0-9A-Fa-f]+|\\.br){mark}", self._undone, text)

    def _undone(self, match: re.Match[str]) -> str:
        code = match[1]
        if code in _ESCAPES:
            return self.signs[_ESCAPES[code]]
        if code.startswith("X") and len(code) % 2:
            return bytes.fromhex(code[1:]).decode("latin-1")
        return " "


def parse(text: str) -> Message | None:
    """Return a message; None when it does not begin with a whole MSH."""
    rows = rows_of(text, GRAMMAR)
    if not rows or not rows[0].startswith("MSH") or len(rows[0]) < len("MSH|^~\\&"):
        return None
    separator = rows[0][3]
    signs = (separator + rows[0].split(separator)[1]).ljust(5)[:5]
    split = (tuple(row.split(separator)) for row in rows)
    segments = tuple(Segment(fields[0].strip(), fields) for fields in split)
    return Message(signs, segments)
