"""From a journal record to the rows a clinician looks at; pure, and never trusting the record.

A record whose form is not understood stays in the archive as it came, with the reason beside it:
custody does not depend on understanding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from uuid import UUID

from edge.clock import Anchor, ClockQuality, Stamp
from edge.entry import Entry, EntryKind
from edge.reading import Value
from sync import merge

MAX_VALUES = 64
MAX_TEXT = 2000
PATIENT_FIELDS = ("name", "sex", "birth", "village", "phone", "card")
UNKNOWN = "unknown"

_LISTS = {name for name, rule in merge.rules().items() if rule.tier is merge.Tier.UNION}
_SINGLE = tuple(name for name in merge.rules() if name not in _LISTS)

_KIND = re.compile(r"[a-z][a-z-]{0,39}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class PatientFact:
    """A patient registered, or some fields corrected (`fields` holds only those told).

    `rev` counts the box's own revisions, `base_rev` is the hospital's that it knew. `added` and
    `struck` are members of the lists (allergies, conditions).
    """

    id: str
    rev: int
    fields: Mapping[str, str | None]
    base_rev: int = 0
    added: tuple[tuple[str, str], ...] = ()
    struck: tuple[tuple[str, str], ...] = ()
    actor: str | None = None
    at: Stamp | None = None


@dataclass(frozen=True, slots=True)
class ReadingFact:
    """A reading as the box recorded it; the hospital adds only when it came."""

    kind: str
    source: str
    values: tuple[Value, ...]
    patient: str | None
    visit: str | None
    device: str | None
    model: str | None
    device_time: str | None
    flags: str
    actor: str | None
    at: Stamp


@dataclass(frozen=True, slots=True)
class AlertFact:
    """A rule spoke at the box."""

    rule: str
    level: str
    parameter: str
    value: Value
    patient: str | None
    reading: str | None
    at: Stamp


@dataclass(frozen=True, slots=True)
class AssignmentFact:
    """A person said whose a reading is (nobody's: no patient), or why it is wrong."""

    reading: str
    patient: str | None
    actor: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class AnchorFact:
    """Somebody vouched for the box's clock at one moment."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """The box answers a command: what came of it, in a word."""

    command: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FileFact:
    """A photo or a recording exists at the box; its chunks come by themselves, under `key`."""

    id: str
    mime: str
    size: int
    total: int
    key: bytes
    sha256: str
    patient: str | None = None
    visit: str | None = None
    preview_of: str | None = None


Fact = PatientFact | ReadingFact | AlertFact | AssignmentFact | AnchorFact | AnswerFact | FileFact


@dataclass(frozen=True, slots=True)
class Understood:
    """What became of a record: its kind, the fact in it if there is one, or what is wrong."""

    kind: str
    fact: Fact | None = None
    trouble: str | None = None


class _Misformed(ValueError):
    """The record does not have the form of its kind."""


def understand(record: bytes) -> Understood:
    """Read a record; never raises."""
    kind = UNKNOWN
    try:
        entry = _entry(record)
        if entry is None or not _is_kind(entry.kind):
            kind = _kind(record)
            if kind == EntryKind.TOMBSTONE:
                return Understood(kind, trouble="the box could not send this record")
            entry = Entry.parse(record)  # says what is wrong
        kind = entry.kind
        if kind == EntryKind.TOMBSTONE:
            return Understood(kind, trouble="the box could not send this record")
        _check_form(entry)
        reader = _READERS.get(kind)
        return Understood(kind, reader(entry) if reader else None)
    except (ValueError, RecursionError) as error:
        return Understood(kind, trouble=f"{type(error).__name__}: {error}"[:200])


def _entry(record: bytes) -> Entry | None:
    try:
        return Entry.parse(record)
    except ValueError:
        return None


def _kind(record: bytes) -> str:
    raw = json.loads(record)
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not _is_kind(kind):
        raise _Misformed("no kind")
    return str(kind)


def _is_kind(kind: object) -> bool:
    return isinstance(kind, str) and _KIND.fullmatch(kind) is not None


def _patient(entry: Entry) -> PatientFact:
    told = entry.body.get("set", entry.body)
    if not isinstance(told, Mapping):
        raise _Misformed("set is no map")
    return PatientFact(
        id=_text(entry.body, "patient"),
        rev=_count(entry.body, "rev"),
        fields={name: _optional(told, name) for name in _SINGLE if name in told},
        base_rev=_count(entry.body, "base_rev") if "base_rev" in entry.body else 0,
        added=_members(told, "add"),
        struck=_members(told, "remove"),
        actor=_storable(entry.actor),
        at=entry.at,
    )


def _members(told: Mapping[str, object], what: str) -> tuple[tuple[str, str], ...]:
    """Return what a patch adds to (or strikes out of) the lists, as (field, member)."""
    found: list[tuple[str, str]] = []
    for name in _LISTS & set(told):
        said = told[name]
        members = said.get(what, []) if isinstance(said, Mapping) else None
        if not isinstance(members, list) or len(members) > MAX_VALUES:
            raise _Misformed(f"{name} adds and removes at most {MAX_VALUES} members")
        found += [(name, _storable(m) or "") for m in members]
    return tuple(sorted(found))


def _reading(entry: Entry) -> ReadingFact:
    body = entry.body
    rows = body.get("values")
    if not isinstance(rows, list) or len(rows) > MAX_VALUES:
        raise _Misformed("values is no list of at most 64")
    return ReadingFact(
        kind=_text(body, "kind"),
        source=_text(body, "source"),
        values=tuple(_value(r) for r in rows),
        patient=_optional(body, "patient"),
        visit=_optional(body, "visit"),
        device=_optional(body, "device"),
        model=_optional(body, "model"),
        device_time=_optional(body, "time"),
        flags=_words(body.get("quality", [])),
        actor=_storable(entry.actor),
        at=entry.at,
    )


def _alert(entry: Entry) -> AlertFact:
    body = entry.body
    return AlertFact(
        rule=_text(body, "rule"),
        level=_text(body, "level"),
        parameter=_text(body, "parameter"),
        value=_value(body.get("value")),
        patient=_optional(body, "patient"),
        reading=_optional(body, "reading"),
        at=entry.at,
    )


def _claim(entry: Entry) -> AssignmentFact:
    body = entry.body
    why, patient = _optional(body, "why"), _optional(body, "patient")
    return AssignmentFact(_text(body, "reading"), patient, _storable(entry.actor), why)


def _clock(entry: Entry) -> AnchorFact | None:
    body = entry.body
    if "utc_ms" not in body:
        return None
    boot, t_ms = _count(body, "boot"), _count(body, "t_ms")
    utc_ms, error_ms = _count(body, "utc_ms"), _count(body, "error_ms")
    return AnchorFact(Anchor(boot, t_ms, utc_ms, error_ms, ClockQuality(_text(body, "source"))))


def _answer(entry: Entry) -> AnswerFact:
    return AnswerFact(_text(entry.body, "command"), _text(entry.body, "outcome"))


def _file(entry: Entry) -> FileFact:
    body = entry.body
    return FileFact(
        id=str(UUID(_text(body, "id"))),
        mime=_text(body, "mime"),
        size=_count(body, "bytes"),
        total=_count(body, "total"),
        key=bytes.fromhex(_text(body, "key")),
        sha256=_text(body, "sha256"),
        patient=_optional(body, "patient"),
        visit=_optional(body, "visit"),
        preview_of=_optional(body, "preview_of"),
    )


_READERS: Mapping[str, Callable[[Entry], Fact | None]] = {
    EntryKind.PATIENT: _patient,
    EntryKind.READING: _reading,
    EntryKind.ALERT: _alert,
    EntryKind.CLAIM: _claim,
    EntryKind.CLOCK: _clock,
    EntryKind.COMMAND: _answer,
    EntryKind.FILE: _file,
}


def _check_form(entry: Entry) -> None:
    if not isinstance(entry.body, Mapping):
        raise _Misformed("the body is no map")
    at = entry.at
    for number in (at.boot, at.t_ms, at.wall_ms):
        if type(number) is not int or not 0 <= number < 2**63:
            raise _Misformed(f"{number!r} is no time")


def _value(row: object) -> Value:
    if not isinstance(row, list) or len(row) not in (3, 4):
        raise _Misformed("a value is code, number, unit and perhaps a comparator")
    if not all(type(part) is str for part in row):
        raise _Misformed("a value's parts are text")
    return _value_of(*row)


@lru_cache(4096)
def _value_of(code: str, number: str, unit: str, comparator: str = "") -> Value:
    """Read a value; the same ones come again and again."""
    for part in (code, number, unit, comparator):
        _storable(part)
    try:
        decimal = Decimal(number)
    except InvalidOperation as error:
        raise _Misformed(f"{number!r} is no number") from error
    if not decimal.is_finite():
        raise _Misformed(f"{number!r} is no finite number")
    return Value(code, decimal, unit, comparator)


def _words(value: object) -> str:
    if not isinstance(value, list):
        raise _Misformed("quality is no list")
    return " ".join(_storable(word) or "" for word in value)


def _count(body: Mapping[str, object], key: str) -> int:
    value = body.get(key)
    if type(value) is not int or not 0 <= value < 2**63:
        raise _Misformed(f"{key} is no count")
    return value


def _text(body: Mapping[str, object], key: str) -> str:
    value = _optional(body, key)
    if value is None:
        raise _Misformed(f"{key} is missing")
    return value


def _optional(body: Mapping[str, object], key: str) -> str | None:
    return _storable(body.get(key))


def _storable(value: object) -> str | None:
    """Return a text that both engines can hold; PostgreSQL has no NUL, UTF-8 no surrogates."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise _Misformed("not a plain text")
    if not value.isprintable() and _UNSTORABLE.search(value):  # most are, and that is cheaper
        raise _Misformed("not a plain text")
    return value
