"""Programmes, appointments, calls, immunizations and refrigerators of clinics: part of `HANDLERS`.

Each record is one row; what is true of an enrolment or an appointment is its newest row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind
from edge.model.follow_up_kinds import AppointmentState, CallOutcome, EpisodeState
from edge.stock.expiry import last_day
from edge.stock.level import What
from hospital.archive import Archive
from hospital.entries.facts import Fact
from hospital.entries.fields import Count, MalformedField, Text, ValueRow
from hospital.patients import care_entries, withheld
from hospital.receiving.handler import Handler, Origin, Section, each, stamp_columns


class EpisodeFact(Fact, frozen=True):
    """Somebody was enrolled in a programme, or what became of the enrolment."""

    episode: Text
    patient: Text
    programme: Text
    state: Text
    day: Text
    at: Stamp
    actor: Text | None
    facts: Mapping[Text, Text | None] = {}
    why: Text | None = None
    to: Text | None = None
    visit: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> EpisodeFact:
        """Return the fact; raises `ValueError`, also for a day or a state that there is not."""
        fact = cls._of(entry, entry.body)
        _check_days(fact.day)
        _check_word(fact.state, EpisodeState)
        return fact


class AppointmentFact(Fact, frozen=True):
    """Somebody was asked to come on a day, or what became of that."""

    appointment: Text
    patient: Text
    due: Text
    state: Text
    day: Text
    at: Stamp
    actor: Text | None
    programme: Text | None = None
    why: Text | None = None
    visit: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> AppointmentFact:
        """Return the fact; raises `ValueError`, also for a day or a state that there is not."""
        fact = cls._of(entry, entry.body)
        _check_days(fact.due, fact.day)
        _check_word(fact.state, AppointmentState)
        return fact


class CallFact(Fact, frozen=True):
    """What came of a call to somebody who should have come."""

    patient: Text
    outcome: Text
    day: Text
    at: Stamp
    actor: Text | None
    appointment: Text | None = None
    episode: Text | None = None
    remind: Text | None = None
    note: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> CallFact:
        """Return the fact; raises `ValueError`, also for a day or an outcome that there is not."""
        fact = cls._of(entry, entry.body)
        _check_days(fact.day, fact.remind)
        _check_word(fact.outcome, CallOutcome)
        return fact


class ImmunizationFact(Fact, frozen=True):
    """A dose of a vaccine was given."""

    id: Text
    patient: Text
    vaccine: Text
    dose: Count
    day: Text
    at: Stamp
    actor: Text | None
    batch: Text | None = None
    expiry: Text | None = None
    site: Text | None = None
    elsewhere: bool = False
    visit: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> ImmunizationFact:
        """Return the fact; raises `ValueError`, also for a day that there is not."""
        fact = cls._of(entry, entry.body)
        _check_days(fact.day)
        return fact


class FridgeFact(Fact, frozen=True):
    """A temperature of a vaccine refrigerator."""

    fridge: Text
    value: ValueRow
    source: Text
    day: Text
    at: Stamp
    actor: Text | None
    part: Text | None = None
    device: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> FridgeFact:
        """Return the fact; raises `ValueError`, also when its value is no number."""
        fact = cls._of(entry, entry.body)
        fact.value.checked()
        _check_days(fact.day)
        return fact


class StockFact(Fact, frozen=True):
    """Somebody received, used, counted or lost something that the clinic keeps."""

    item: Text
    what: Text
    number: Text
    unit: Text
    day: Text
    at: Stamp
    actor: Text | None
    batch: Text | None = None
    expiry: Text | None = None
    name: Text | None = None
    low: Count | None = None

    @classmethod
    def read(cls, entry: Entry) -> StockFact:
        """Return the fact; raises `ValueError`, also when its number or its expiry is none."""
        fact = cls._of(entry, entry.body)
        _check_days(fact.day)
        _check_word(fact.what, What)
        ValueRow(fact.item, fact.number, fact.unit).checked()
        if Decimal(fact.number) < 0:
            raise MalformedField("a number below zero")
        if fact.expiry is not None:
            last_day(fact.expiry)
        return fact


def _check_days(*days: str | None) -> None:
    """Raise `MalformedField` for a text that is no local day `YYYY-MM-DD`."""
    for day in days:
        try:
            is_day = day is None or date.fromisoformat(day).isoformat() == day
        except ValueError:
            is_day = False
        if not is_day:
            raise MalformedField("not a day")


def _check_word(word: str, known: type[StrEnum]) -> None:
    if word not in set(known):
        raise MalformedField("a word that this release does not know")


def _put(archive: Archive, table: str, values: Mapping[str, object]) -> None:
    """Insert a row once: a record that came before is there already."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    archive.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        tuple(values.values()),
    )


def _from(origin: Origin, at: Stamp, actor: str | None) -> dict[str, object]:
    boot, t_ms, wall_ms, quality = stamp_columns(at)
    return {
        "id": origin.id,
        "box": origin.box.id,
        "clinic": origin.box.clinic,
        "actor": actor,
        "boot": boot,
        "t_ms": t_ms,
        "wall_ms": wall_ms,
        "quality": quality,
        "received_ms": origin.received_ms,
    }


def _about(archive: Archive, origin: Origin, fact: Any) -> dict[str, object]:
    apart = withheld.unknown_to(archive, origin.box.clinic, {fact.patient})
    own = {"patient": fact.patient, "withheld": int(bool(apart))}
    return _from(origin, fact.at, fact.actor) | own


def _episode(archive: Archive, origin: Origin, fact: EpisodeFact) -> None:
    facts = json.dumps(dict(fact.facts), ensure_ascii=False, sort_keys=True)
    own = {"episode": fact.episode, "programme": fact.programme, "state": fact.state}
    own |= {"day": fact.day, "facts": facts}
    more = {"why": fact.why, "place": fact.to, "visit": fact.visit}
    _put(archive, "programme_entry", _about(archive, origin, fact) | own | more)


def _appointment(archive: Archive, origin: Origin, fact: AppointmentFact) -> None:
    own = {"appointment": fact.appointment, "due": fact.due, "state": fact.state, "day": fact.day}
    more = {"programme": fact.programme, "why": fact.why, "visit": fact.visit}
    _put(archive, "appointment_entry", _about(archive, origin, fact) | own | more)


def _call(archive: Archive, origin: Origin, fact: CallFact) -> None:
    own = {"outcome": fact.outcome, "day": fact.day, "remind": fact.remind, "note": fact.note}
    about = {"appointment": fact.appointment, "episode": fact.episode}
    _put(archive, "call_entry", _about(archive, origin, fact) | own | about)


def _immunization(archive: Archive, origin: Origin, fact: ImmunizationFact) -> None:
    own = {"immunization": fact.id, "vaccine": fact.vaccine, "dose": fact.dose, "day": fact.day}
    vial = {"batch": fact.batch, "expiry": fact.expiry, "site": fact.site}
    more = {"elsewhere": int(fact.elsewhere), "visit": fact.visit}
    _put(archive, "immunization", _about(archive, origin, fact) | own | vial | more)


def _fridge(archive: Archive, origin: Origin, fact: FridgeFact) -> None:
    value = fact.value.checked()
    own = {"fridge": fact.fridge, "value": value.number, "unit": value.unit, "day": fact.day}
    more = {"source": fact.source, "part": fact.part, "device": fact.device}
    _put(archive, "fridge_reading", _from(origin, fact.at, fact.actor) | own | more)


def _stock(archive: Archive, origin: Origin, fact: StockFact) -> None:
    own = {"item": fact.item, "what": fact.what, "units": fact.number, "unit": fact.unit}
    more = {"name": fact.name, "low": fact.low, "batch": fact.batch, "expiry": fact.expiry}
    row = _from(origin, fact.at, fact.actor) | own | more | {"day": fact.day}
    _put(archive, "stock_entry", row)


FOLLOW_UP_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.PROGRAMME: Handler(
        EpisodeFact.read, each(_episode), Section("patient_programmes.html", care_entries.of_person)
    ),
    EntryKind.APPOINTMENT: Handler(AppointmentFact.read, each(_appointment)),
    EntryKind.CALL: Handler(CallFact.read, each(_call)),
    EntryKind.IMMUNIZATION: Handler(ImmunizationFact.read, each(_immunization)),
    EntryKind.FRIDGE: Handler(FridgeFact.read, each(_fridge)),
    EntryKind.STOCK: Handler(StockFact.read, each(_stock)),
}
