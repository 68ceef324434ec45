"""Types of the journal entries that the hospital applies: msgspec checks a body by them.

The types of what is applied by `hospital.receiving.handlers` alone stand there; here are those that
other rooms take in. What a type does not name is ignored, since a newer box may write more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType, field

from edge.model.clock import Stamp
from edge.model.entry import Entry
from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, FieldType, from_wire
from hospital.entries.fields import (
    CodedRows,
    Count,
    MalformedField,
    Members,
    Text,
    ValueRows,
    check_storable,
    checked_day,
    coded_json,
    values_json,
)

_S = TypeVar("_S", bound=msgspec.Struct)


class Fact(msgspec.Struct, frozen=True):
    """Fields of a body; `actor` and `at` are those of the entry, where a type names them."""

    @classmethod
    def read(cls, entry: Entry) -> Self | None:
        """Return the fact of a record, None when nothing is entered; raises `ValueError`."""
        return cls._of(entry, entry.body)

    @classmethod
    def _of(cls, entry: Entry, body: Mapping[str, object]) -> Self:
        return checked({**body, "actor": entry.actor, "at": entry.at}, cls)


class PatientFact(Fact, frozen=True):
    """A patient registered, or some fields corrected (`fields` holds only those in the body).

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

    @classmethod
    def read(cls, entry: Entry) -> PatientFact:
        """Return a body with its fields, and what its lists gain and lose, apart."""
        patch = entry.body.get("set", entry.body)
        if not isinstance(patch, dict):
            raise MalformedField("set is no map")
        found = {
            name: value
            for name, value in msgspec.structs.asdict(checked(patch, _PATCH)).items()
            if value is not UNSET
        }
        lists = {name: found.pop(name) for name in sorted(_LISTS & set(found))}
        added = sorted((name, m or "") for name, change in lists.items() for m in change.add)
        struck = sorted((name, m or "") for name, change in lists.items() for m in change.remove)
        apart = {"fields": from_wire(found), "added": added, "struck": struck}
        return cls._of(entry, {**entry.body, **apart})


class ReadingBody(msgspec.Struct, frozen=True):
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
    coded: CodedRows = ()
    record: Text | None = None
    found: tuple[Text, ...] = ()
    kit: Text | None = None
    lot: Text | None = None
    expiry: Text | None = None
    day: Text | None = None


class ReadingFact(NamedTuple):
    """A reading as the box recorded it; the hospital adds only when it came.

    `said` holds the values as JSON: a list of code, digits, unit and comparator; `coded` results in
    words: a list of code and word. `sample` is the number of an analyser's sample, `kit` what a
    test was made with, `day` the day that stands on paper when it was typed in later.
    """

    kind: str
    source: str
    said: str
    coded: str
    sample: str
    patient: str | None
    visit: str | None
    device: str | None
    model: str | None
    device_time: str | None
    flags: str
    actor: str | None
    at: Stamp
    day: str | None = None
    kit: str = ""

    @classmethod
    def read(cls, entry: Entry) -> ReadingFact:
        """Return the fact of a reading, whatever more a newer box may write."""
        actor = checked({"actor": entry.actor}, _Actor).actor
        return reading_fact(checked(entry.body, ReadingBody), entry.at, actor)


def reading_fact(body: ReadingBody, at: Stamp, actor: str | None) -> ReadingFact:
    """Return the fact of a body; raises `MalformedField` when a value is no number."""
    return ReadingFact(
        body.kind,
        body.source,
        values_json(body.values),
        coded_json(body.coded),
        (body.record or "") if body.found else "",
        *(body.patient, body.visit, body.device, body.model, body.time),
        " ".join([word or "" for word in body.quality]),
        actor,
        at,
        None if body.day is None else checked_day(body.day),
        " · ".join(text for text in (body.kit, body.lot, body.expiry) if text),
    )


class FileFact(Fact, frozen=True):
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

    @classmethod
    def read(cls, entry: Entry) -> FileFact:
        """Return a manifest with the bytes of its key."""
        names = checked(entry.body, _FileNames)
        parsed = {"id": str(UUID(names.id)), "key": bytes.fromhex(names.key)}
        return cls._of(entry, {**entry.body, **parsed})


class SeenFact(Fact, frozen=True):
    """A worker has seen an item of the hospital: which revision of which item."""

    entity: Text
    item: Text
    rev: Count
    actor: Text | None
    at: Stamp


class SettingFact(Fact, frozen=True):
    """The outcome of a setting at the box, and why when it is refused."""

    key: Text
    rev: Count
    outcome: Text
    why: Text | None = None


def checked(body: Mapping[str, object], kind: type[_S]) -> _S:
    """Return a body in its type; raises `ValueError` when a field has another."""
    found = msgspec.convert(body, kind)
    check_storable(found)
    return found


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
