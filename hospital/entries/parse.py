"""From a journal record to the rows a clinician looks at; pure, and never trusting the record.

A record whose form is not understood stays in the archive as it came, with the reason beside it:
custody does not depend on understanding. msgspec checks the fields against the types below; what
a type does not name is ignored, since a newer box may say more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType, field

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import Entry, EntryKind
from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, FieldType
from hospital.entries.fields import (
    Count,
    Members,
    Misformed,
    Text,
    ValueRow,
    ValueRows,
    check_storable,
    said,
    sentence,
)

UNKNOWN = "unknown"

_S = TypeVar("_S", bound=msgspec.Struct)

_READING = EntryKind.READING.value
_KIND = re.compile(r"[a-z][a-z-]{0,39}")


class PatientFact(msgspec.Struct, frozen=True):
    """A patient registered, or some fields corrected (`fields` holds only those told).

    `rev` counts the box's own revisions, `base_rev` is the hospital's that it knew. `added` and
    `struck` are members of the lists (allergies, conditions).
    """

    id: Text = field(name="patient")
    rev: Count
    fields: Mapping[str, str | None]
    added: tuple[tuple[str, str], ...]
    struck: tuple[tuple[str, str], ...]
    actor: Text | None
    at: Stamp
    base_rev: Count = 0


class ReadingFact(NamedTuple):
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


class AlertFact(msgspec.Struct, frozen=True):
    """A rule spoke at the box."""

    rule: Text
    level: Text
    parameter: Text
    value: ValueRow
    at: Stamp
    patient: Text | None = None
    reading: Text | None = None


class AssignmentFact(msgspec.Struct, frozen=True):
    """A person said whose a reading is (nobody's: no patient), or why it is wrong."""

    reading: Text
    actor: Text | None
    patient: Text | None = None
    why: Text | None = None


class AnchorFact(msgspec.Struct, frozen=True):
    """Somebody vouched for the box's clock at one moment."""

    boot: Count
    t_ms: Count
    utc_ms: Count
    error_ms: Count
    source: ClockQuality


class AnswerFact(msgspec.Struct, frozen=True):
    """The box answers a command: what came of it, in a word."""

    command: Text
    outcome: Text


class FileFact(msgspec.Struct, frozen=True):
    """A photo or a recording exists at the box; its chunks come by themselves, under `key`."""

    id: str
    key: bytes
    mime: Text
    size: Count = field(name="bytes")
    total: Count
    sha256: Text
    patient: Text | None = None
    visit: Text | None = None
    preview_of: Text | None = None


class SeenFact(msgspec.Struct, frozen=True):
    """A worker has seen what the hospital told: which revision of which item."""

    entity: Text
    item: Text
    rev: Count
    actor: Text | None
    at: Stamp


class ComparedFact(msgspec.Struct, frozen=True):
    """A worker compared a reading with the device's own display and found the same."""

    reading: Text
    actor: Text | None


class StaffFact(msgspec.Struct, frozen=True):
    """Who somebody at the clinic is: their name, for a staff id."""

    id: Text = field(name="staff")
    name: Text


class SettingFact(msgspec.Struct, frozen=True):
    """What became of a setting at the box, and why when it is refused."""

    key: Text
    rev: Count
    outcome: Text
    why: Text | None = None


_BodyFact = (
    PatientFact
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
"""Decoded from a body as it stands, with actor and time of the entry where they matter."""

Fact = ReadingFact | _BodyFact


class Understood(NamedTuple):
    """What became of a record: its kind, the fact in it if there is one, or what is wrong."""

    kind: str
    fact: Fact | None = None
    trouble: str | None = None


class _Reading(msgspec.Struct, frozen=True):
    """The body of a reading, as far as it is entered."""

    kind: Text
    source: Text
    values: ValueRows
    patient: Text | None = None
    visit: Text | None = None
    device: Text | None = None
    model: Text | None = None
    time: Text | None = None
    quality: tuple[Text | None, ...] = ()


class _WholeReading(_Reading, frozen=True, forbid_unknown_fields=True):
    """The body of a reading with all that a box of today says in it."""

    record: Text | None = None
    user: int | None = None
    stored: bool | None = None


class _ReadingRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole record of a reading: what fits has no float or foreign field anywhere."""

    at: tuple[Count, Count, Count, ClockQuality]
    body: _WholeReading
    kind: Literal["reading"]
    actor: Text | None = None


class _Actor(msgspec.Struct, frozen=True):
    """The one who acted."""

    actor: Text | None


class _Lists(msgspec.Struct, frozen=True):
    """What a patch adds to a list of a patient, and what it strikes out."""

    add: Members = ()
    remove: Members = ()


class _FileNames(msgspec.Struct, frozen=True):
    """The texts in a manifest that stand for bytes."""

    id: Text
    key: Text


_FIELDS = (*PATIENT_FIELDS, *SUMMARY_FIELDS)
_LISTS = {known.name for known in _FIELDS if known.type is FieldType.LIST}
_PATCH = msgspec.defstruct(
    "_Patch",
    [
        (
            known.name,
            _Lists | UnsetType if known.name in _LISTS else Text | None | UnsetType,
            UNSET,
        )
        for known in _FIELDS
    ],
    frozen=True,
)
_FACTS: Mapping[str, type[_BodyFact]] = {
    EntryKind.PATIENT: PatientFact,
    EntryKind.ALERT: AlertFact,
    EntryKind.CLAIM: AssignmentFact,
    EntryKind.CLOCK: AnchorFact,
    EntryKind.COMMAND: AnswerFact,
    EntryKind.FILE: FileFact,
    EntryKind.SEEN: SeenFact,
    EntryKind.CONFIRM: ComparedFact,
    EntryKind.STAFF: StaffFact,
    EntryKind.SETTING: SettingFact,
}
_decode_reading = msgspec.json.Decoder(_ReadingRecord).decode


def understand(record: bytes) -> Understood:
    """Read a record; never raises."""
    # Nearly all are readings of the usual form, and then one typed decode is enough. A NUL is
    # written so and only so; it may stand in a field that is not entered, which does no harm.
    if record.endswith(b'"kind":"reading"}') and b"\\u0000" not in record:
        try:
            read = _decode_reading(record)
            return Understood(_READING, _reading(read.body, Stamp(*read.at), read.actor))
        except (ValueError, RecursionError):
            pass  # the careful way says what is wrong
    return _understand(record)


def _understand(record: bytes) -> Understood:
    """Read a record of any kind with care."""
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
        return Understood(kind, _fact(entry))
    except msgspec.ValidationError as error:
        return Understood(kind, trouble=f"Misformed: {sentence(error)}"[:200])
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
    return isinstance(kind, str) and _KIND.fullmatch(kind) is not None


def _check_form(entry: Entry) -> None:
    if not isinstance(entry.body, dict):
        raise Misformed("the body is no map")
    at = entry.at
    for number in (at.boot, at.t_ms, at.wall_ms):
        if type(number) is not int or not 0 <= number < 2**63:
            raise Misformed(f"{number!r} is no time")


def _fact(entry: Entry) -> Fact | None:
    """Return what a record of a kind that is entered tells; raises `ValueError`."""
    kind, body = entry.kind, entry.body
    if kind == EntryKind.READING:
        actor = _checked({"actor": entry.actor}, _Actor).actor
        return _reading(_checked(body, _Reading), entry.at, actor)
    if kind not in _FACTS or (kind == EntryKind.CLOCK and "utc_ms" not in body):
        return None
    if kind == EntryKind.PATIENT:
        body = _patch(body)
    elif kind == EntryKind.FILE:
        body = _manifest(body)
    fact = _checked({**body, "actor": entry.actor, "at": entry.at}, _FACTS[kind])
    if isinstance(fact, AlertFact):
        fact.value.checked()
    return fact


def _checked(body: Mapping[str, object], kind: type[_S]) -> _S:
    """Return a body in its type; raises `ValueError` when a field has another."""
    found = msgspec.convert(body, kind)
    check_storable(found)
    return found


def _reading(body: _Reading, at: Stamp, actor: str | None) -> ReadingFact:
    flags = " ".join([word or "" for word in body.quality])
    return ReadingFact(
        body.kind,
        body.source,
        said(body.values),
        *(body.patient, body.visit, body.device, body.model, body.time),
        flags,
        actor,
        at,
    )


def _patch(body: Mapping[str, object]) -> dict[str, object]:
    """Return a patient's body with its fields, and what its lists gain and lose, apart."""
    told = body.get("set", body)
    if not isinstance(told, dict):
        raise Misformed("set is no map")
    found = {
        name: value
        for name, value in msgspec.structs.asdict(_checked(told, _PATCH)).items()
        if value is not UNSET
    }
    lists = {name: found.pop(name) for name in sorted(_LISTS & set(found))}
    added = sorted((name, m or "") for name, change in lists.items() for m in change.add)
    struck = sorted((name, m or "") for name, change in lists.items() for m in change.remove)
    return {**body, "fields": found, "added": added, "struck": struck}


def _manifest(body: Mapping[str, object]) -> dict[str, object]:
    """Return a file's body with the bytes of its key."""
    names = _checked(body, _FileNames)
    return {**body, "id": str(UUID(names.id)), "key": bytes.fromhex(names.key)}
