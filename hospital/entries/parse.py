"""Parse a journal record into a fact; pure, and never trusting the record.

A record whose form is not understood stays in the archive as it came, with the reason beside it:
custody does not depend on understanding. How each kind of record is read is given by the caller
(`hospital.receiving.handlers`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import msgspec

from edge.model.bounds import LAST_MS, MAX_COUNT
from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import Entry, EntryKind
from hospital.entries.facts import ReadingBody, reading_fact
from hospital.entries.fields import Count, MalformedField, Moment, Text, sentence

DAMAGED = "damaged"
"""The reason of a tombstone for a record that the box's disk has changed."""
UNKNOWN = "unknown"

Readers = Mapping[str, Callable[[Entry], object | None]]
"""By kind: returns the fact of an entry, None when nothing is entered; raises `ValueError`."""

_READING = EntryKind.READING.value
_KIND = re.compile(r"[a-z][a-z-]{0,39}")


class Understood(NamedTuple):
    """The result of parsing a record: its kind, the fact in it if any, or what is wrong."""

    kind: str
    fact: object | None = None
    trouble: str | None = None


class _WholeReading(ReadingBody, frozen=True, forbid_unknown_fields=True):
    """The body of a reading with all that a box of today says in it."""

    user: int | None = None
    stored: bool | None = None


class _ReadingRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole record of a reading: what fits has no float or foreign field anywhere."""

    at: tuple[Count, Count, Moment, ClockQuality]
    body: _WholeReading
    kind: Literal["reading"]
    actor: Text | None = None


_decode_reading = msgspec.json.Decoder(_ReadingRecord).decode


def parser(readers: Readers) -> Callable[[bytes], Understood]:
    """Return a function that reads a record and never raises."""

    def understand(record: bytes) -> Understood:
        # Nearly all are readings of the usual form, and then one typed decode is enough. A NUL is
        # written so and only so; it may stand in a field that is not entered, and does no harm.
        if record.endswith(b'"kind":"reading"}') and b"\\u0000" not in record:
            try:
                read = _decode_reading(record)
                return Understood(_READING, reading_fact(read.body, Stamp(*read.at), read.actor))
            except (ValueError, RecursionError):
                pass  # the careful way says what is wrong
        return understand_with_care(record, readers)

    return understand


def understand_with_care(record: bytes, readers: Readers) -> Understood:
    """Read a record of any kind and form; slower, and never raises either."""
    kind = UNKNOWN
    try:
        entry = _entry(record)
        if entry is None or not _is_kind(entry.kind):
            kind = _kind(record)
            if kind == EntryKind.TOMBSTONE:
                return Understood(kind, trouble=_why_not_sent(record))
            entry = Entry.parse(record)  # says what is wrong
        kind = entry.kind
        if kind == EntryKind.TOMBSTONE:
            return Understood(kind, trouble=_why_not_sent(record))
        _check_form(entry)
        reader = readers.get(kind)
        return Understood(kind, None if reader is None else reader(entry))
    except msgspec.ValidationError as error:
        return Understood(kind, trouble=f"Misformed: {sentence(error)}"[:200])
    except (ValueError, RecursionError) as error:
        return Understood(kind, trouble=f"{type(error).__name__}: {error}"[:200])


def _entry(record: bytes) -> Entry | None:
    try:
        return Entry.parse(record)
    except ValueError:
        return None


def _why_not_sent(record: bytes) -> str:
    """Say why a tombstone stands for a record."""
    body = json.loads(record).get("body")
    if isinstance(body, dict) and body.get("reason") == DAMAGED:
        return "the record was changed on the box's disk"
    return "the box could not send this record"


def _kind(record: bytes) -> str:
    raw = json.loads(record)
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not _is_kind(kind):
        raise MalformedField("no kind")
    return str(kind)


def _is_kind(kind: object) -> bool:
    return isinstance(kind, str) and _KIND.fullmatch(kind) is not None


def _check_form(entry: Entry) -> None:
    if not isinstance(entry.body, dict):
        raise MalformedField("the body is no map")
    at = entry.at
    for number, most in ((at.boot, MAX_COUNT), (at.t_ms, MAX_COUNT), (at.wall_ms, LAST_MS)):
        if type(number) is not int or not 0 <= number <= most:
            raise MalformedField(f"{number!r} is no time")
