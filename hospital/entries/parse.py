"""From a journal record to the rows a clinician looks at; pure, and never trusting the record.

A record whose form is not understood stays in the archive as it came, with the reason beside it:
custody does not depend on understanding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from edge.model.clock import Anchor, ClockQuality, Stamp
from edge.model.entry import Entry, EntryKind
from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, FieldType
from edge.model.reading import Value
from hospital.entries import fast_readings
from hospital.entries.fast_readings import ReadingFact
from hospital.entries.fields import Misformed, count, optional, said, storable, text, value, words

MAX_VALUES = 64
UNKNOWN = "unknown"

_FIELDS = (*PATIENT_FIELDS, *SUMMARY_FIELDS)
_LISTS = {field.name for field in _FIELDS if field.type is FieldType.LIST}
_SINGLE = tuple(field.name for field in _FIELDS if field.type is not FieldType.LIST)

_READING = EntryKind.READING.value
_KIND = re.compile(r"[a-z][a-z-]{0,39}")


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


@dataclass(frozen=True, slots=True)
class SeenFact:
    """A worker has seen what the hospital told: which revision of which item."""

    entity: str
    item: str
    rev: int
    actor: str | None
    at: Stamp


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """A worker compared a reading with the device's own display and found the same."""

    reading: str
    actor: str | None


@dataclass(frozen=True, slots=True)
class StaffFact:
    """Who somebody at the clinic is: their name, for a staff id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SettingFact:
    """What became of a setting at the box, and why when it is refused."""

    key: str
    rev: int
    outcome: str
    why: str


Fact = (
    PatientFact
    | ReadingFact
    | AlertFact
    | AssignmentFact
    | AnchorFact
    | AnswerFact
    | FileFact
    | SeenFact
    | ComparedFact
    | StaffFact
    | SettingFact
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What became of a record: its kind, the fact in it if there is one, or what is wrong."""

    kind: str
    fact: Fact | None = None
    trouble: str | None = None


def understand(record: bytes) -> Understood:
    """Read a record; never raises."""
    reading = fast_readings.read(record)
    if reading is not None:
        return Understood(_READING, reading)
    found = _understand(record)
    if isinstance(found.fact, ReadingFact):
        fast_readings.learn(record, found.fact)
    return found


def _understand(record: bytes) -> Understood:
    """Read a record with care."""
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
        raise Misformed("no kind")
    return str(kind)


def _is_kind(kind: object) -> bool:
    known = isinstance(kind, str) and kind in _READERS
    return known or (isinstance(kind, str) and _KIND.fullmatch(kind) is not None)


def _patient(entry: Entry) -> PatientFact:
    told = entry.body.get("set", entry.body)
    if not isinstance(told, Mapping):
        raise Misformed("set is no map")
    return PatientFact(
        id=text(entry.body, "patient"),
        rev=count(entry.body, "rev"),
        fields={name: optional(told, name) for name in _SINGLE if name in told},
        base_rev=count(entry.body, "base_rev") if "base_rev" in entry.body else 0,
        added=_members(told, "add"),
        struck=_members(told, "remove"),
        actor=storable(entry.actor),
        at=entry.at,
    )


def _members(told: Mapping[str, object], what: str) -> tuple[tuple[str, str], ...]:
    """Return what a patch adds to (or strikes out of) the lists, as (field, member)."""
    found: list[tuple[str, str]] = []
    for name in _LISTS & set(told):
        said = told[name]
        members = said.get(what, []) if isinstance(said, Mapping) else None
        if not isinstance(members, list) or len(members) > MAX_VALUES:
            raise Misformed(f"{name} adds and removes at most {MAX_VALUES} members")
        found += [(name, storable(m) or "") for m in members]
    return tuple(sorted(found))


def _reading(entry: Entry) -> ReadingFact:
    body = entry.body
    rows = body.get("values")
    if not isinstance(rows, list) or len(rows) > MAX_VALUES:
        raise Misformed("values is no list of at most 64")
    return ReadingFact(
        kind=text(body, "kind"),
        source=text(body, "source"),
        said=f"[{','.join(map(said, rows))}]",
        patient=optional(body, "patient"),
        visit=optional(body, "visit"),
        device=optional(body, "device"),
        model=optional(body, "model"),
        device_time=optional(body, "time"),
        flags=words(body.get("quality", [])),
        actor=storable(entry.actor),
        at=entry.at,
    )


def _alert(entry: Entry) -> AlertFact:
    body = entry.body
    return AlertFact(
        rule=text(body, "rule"),
        level=text(body, "level"),
        parameter=text(body, "parameter"),
        value=value(body.get("value")),
        patient=optional(body, "patient"),
        reading=optional(body, "reading"),
        at=entry.at,
    )


def _claim(entry: Entry) -> AssignmentFact:
    body = entry.body
    why, patient = optional(body, "why"), optional(body, "patient")
    return AssignmentFact(text(body, "reading"), patient, storable(entry.actor), why)


def _clock(entry: Entry) -> AnchorFact | None:
    body = entry.body
    if "utc_ms" not in body:
        return None
    boot, t_ms = count(body, "boot"), count(body, "t_ms")
    utc_ms, error_ms = count(body, "utc_ms"), count(body, "error_ms")
    return AnchorFact(Anchor(boot, t_ms, utc_ms, error_ms, ClockQuality(text(body, "source"))))


def _answer(entry: Entry) -> AnswerFact:
    return AnswerFact(text(entry.body, "command"), text(entry.body, "outcome"))


def _file(entry: Entry) -> FileFact:
    body = entry.body
    return FileFact(
        id=str(UUID(text(body, "id"))),
        mime=text(body, "mime"),
        size=count(body, "bytes"),
        total=count(body, "total"),
        key=bytes.fromhex(text(body, "key")),
        sha256=text(body, "sha256"),
        patient=optional(body, "patient"),
        visit=optional(body, "visit"),
        preview_of=optional(body, "preview_of"),
    )


def _seen(entry: Entry) -> SeenFact:
    body, actor = entry.body, storable(entry.actor)
    item = text(body, "entity"), text(body, "item"), count(body, "rev")
    return SeenFact(*item, actor, entry.at)


def _compared(entry: Entry) -> ComparedFact:
    return ComparedFact(text(entry.body, "reading"), storable(entry.actor))


def _setting(entry: Entry) -> SettingFact:
    body = entry.body
    said = text(body, "key"), count(body, "rev"), text(body, "outcome")
    return SettingFact(*said, optional(body, "why") or "")


def _staff(entry: Entry) -> StaffFact:
    return StaffFact(text(entry.body, "staff"), text(entry.body, "name"))


_READERS: Mapping[str, Callable[[Entry], Fact | None]] = {
    EntryKind.PATIENT: _patient,
    EntryKind.READING: _reading,
    EntryKind.ALERT: _alert,
    EntryKind.CLAIM: _claim,
    EntryKind.CLOCK: _clock,
    EntryKind.COMMAND: _answer,
    EntryKind.FILE: _file,
    EntryKind.SEEN: _seen,
    EntryKind.CONFIRM: _compared,
    EntryKind.STAFF: _staff,
    EntryKind.SETTING: _setting,
}


def _check_form(entry: Entry) -> None:
    if not isinstance(entry.body, Mapping):
        raise Misformed("the body is no map")
    at = entry.at
    for number in (at.boot, at.t_ms, at.wall_ms):
        if type(number) is not int or not 0 <= number < 2**63:
            raise Misformed(f"{number!r} is no time")
