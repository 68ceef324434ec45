"""What the hospital does with the entries of a visit: opened, noted, moved, medicines, mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import field

from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind
from hospital.archive import Archive
from hospital.entries.facts import Fact
from hospital.entries.fields import MAX_VALUES, Count, Text, Word, checked_day, checked_number
from hospital.patients import withheld
from hospital.receiving.handler import Handler, Origin, Section, each
from hospital.views import visit_chart

MOVED_TABLES: Final = (
    *("medicine", "file", "programme_entry", "appointment_entry", "immunization"),
    *("referral", "notification"),
)
"""What follows a visit that is moved; each has the columns clinic, visit and patient."""

TAKEN_BACK_TABLES: Final[Mapping[str, str]] = {
    EntryKind.PROGRAMME.value: "programme_entry",
    EntryKind.APPOINTMENT.value: "appointment_entry",
    EntryKind.CALL.value: "call_entry",
    EntryKind.IMMUNIZATION.value: "immunization",
    EntryKind.FRIDGE.value: "fridge_reading",
}
"""The tables with a column `taken_back`, by the kind of their entries; others join the table."""


class WordsChange(msgspec.Struct, frozen=True):
    """What a patch adds to a list of a visit's note, and what it removes."""

    add: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_VALUES)] = ()
    remove: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_VALUES)] = ()


NotePatch = Annotated[Mapping[Word, Text | WordsChange | None], msgspec.Meta(max_length=MAX_VALUES)]


class VisitFact(Fact, frozen=True):
    """A visit began at a box; what it measures comes by itself. An older box says no day."""

    visit: Text
    patient: Text
    mode: Text
    actor: Text | None
    at: Stamp
    day: Text | None = None
    paper: bool = False
    reason: Word | None = None
    number: Count | None = None

    @classmethod
    def read(cls, entry: Entry) -> VisitFact:
        """Return the fact of a visit; raises `ValueError`, also when its day is none."""
        fact = cls._of(entry, entry.body)
        day = fact.day or entry.at.wall.astimezone().date().isoformat()
        return msgspec.structs.replace(fact, day=checked_day(day))


class NoteFact(Fact, frozen=True):
    """Somebody wrote something down in a visit: `changes` is a patch of its note."""

    visit: Text
    patient: Text
    day: Text
    changes: NotePatch = field(name="set")
    actor: Text | None
    at: Stamp

    @classmethod
    def read(cls, entry: Entry) -> NoteFact:
        """Return the fact of a note; raises `ValueError`, also when its day is none."""
        fact = cls._of(entry, entry.body)
        checked_day(fact.day)
        return fact


class MoveFact(Fact, frozen=True):
    """A visit that was written down for `patient` is the patient `to`'s, as visit `becomes`."""

    visit: Text
    patient: Text
    to: Text
    becomes: Text
    day: Text
    actor: Text | None
    at: Stamp

    @classmethod
    def read(cls, entry: Entry) -> MoveFact:
        """Return the fact of a move; raises `ValueError`, also when its day is none."""
        fact = cls._of(entry, entry.body)
        checked_day(fact.day)
        return fact


class MedicineFact(Fact, frozen=True):
    """A medicine was given or advised in a visit, or stopped."""

    id: Text
    patient: Text
    visit: Text
    day: Text
    medicine: Word
    state: Word
    actor: Text | None
    at: Stamp
    dose: Text | None = None
    unit: Text | None = None
    quantity: Text | None = None
    batch: Text | None = None
    overruled: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> MedicineFact:
        """Return the fact of a medicine; raises `ValueError`, also for a dose that is no number."""
        fact = cls._of(entry, entry.body)
        checked_day(fact.day)
        for number in (fact.dose, fact.quantity):
            if number is not None:
                checked_number(number)
        return fact


class TakenBackFact(Fact, frozen=True):
    """Somebody said that an entry was a mistake."""

    entry: Text
    kind: Word
    day: Text
    actor: Text | None
    patient: Text | None = None
    why: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> TakenBackFact:
        """Return the fact; raises `ValueError`, also when its day is none."""
        fact = cls._of(entry, entry.body)
        checked_day(fact.day)
        return fact


def _visit(archive: Archive, origin: Origin, fact: VisitFact) -> None:
    clinic = origin.box.clinic
    archive.execute(
        "INSERT INTO visit (id, clinic, box, patient, day, paper, mode, reason, place, actor,"
        " wall_ms, received_ms, withheld) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (clinic, id) DO UPDATE SET paper = excluded.paper, mode = excluded.mode,"
        " reason = excluded.reason, place = excluded.place, actor = excluded.actor",
        (fact.visit, clinic, origin.box.id, fact.patient, fact.day, _paper(fact), fact.mode)
        + (fact.reason, fact.number, fact.actor, fact.at.wall_ms, origin.received_ms)
        + (withheld.is_withheld(archive, clinic, fact.patient),),
    )


def _paper(fact: VisitFact) -> int:
    """Return 1 for a visit of an earlier day, 2 for one of the same day, 0 when not from paper."""
    if not fact.paper:
        return 0
    return 1 if str(fact.day) < fact.at.wall.astimezone().date().isoformat() else 2


def _note(archive: Archive, origin: Origin, fact: NoteFact) -> None:
    _require_visit(archive, origin, fact)
    archive.execute(
        "INSERT INTO visit_note (id, clinic, visit, said, actor, wall_ms, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (origin.id, origin.box.clinic, fact.visit, _patch_json(fact.changes), fact.actor)
        + (fact.at.wall_ms, origin.received_ms),
    )


def _medicine(archive: Archive, origin: Origin, fact: MedicineFact) -> None:
    _require_visit(archive, origin, fact)
    archive.execute(
        "INSERT INTO medicine (id, clinic, visit, patient, day, medicine, state, dose, unit,"
        " quantity, batch, overruled, actor, wall_ms, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (origin.id, origin.box.clinic, fact.visit, fact.patient, fact.day, fact.medicine)
        + (fact.state, fact.dose, fact.unit, fact.quantity, fact.batch, fact.overruled)
        + (fact.actor, fact.at.wall_ms, origin.received_ms),
    )


def _require_visit(archive: Archive, origin: Origin, fact: NoteFact | MedicineFact) -> None:
    """Let there be the visit of a note whose beginning has not come, or could not be read."""
    clinic = origin.box.clinic
    archive.execute(
        "INSERT INTO visit (id, clinic, box, patient, day, paper, mode, wall_ms, received_ms,"
        " withheld) VALUES (?, ?, ?, ?, ?, 0, 'worker', ?, ?, ?) ON CONFLICT DO NOTHING",
        (fact.visit, clinic, origin.box.id, fact.patient, fact.day, fact.at.wall_ms)
        + (origin.received_ms, withheld.is_withheld(archive, clinic, fact.patient)),
    )


def _move(archive: Archive, origin: Origin, fact: MoveFact) -> None:
    clinic = origin.box.clinic
    archive.execute(
        "INSERT INTO visit_move (id, clinic, visit, day, patient, new_patient, becomes, actor,"
        " wall_ms, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (origin.id, clinic, fact.visit, fact.day, fact.patient, fact.to, fact.becomes, fact.actor)
        + (fact.at.wall_ms, origin.received_ms),
    )
    if fact.becomes == fact.visit:
        archive.execute(
            "UPDATE visit SET patient = ?, withheld = ? WHERE clinic = ? AND id = ?"
            " AND patient = ?",
            (fact.to, withheld.is_withheld(archive, clinic, fact.to), clinic, fact.visit)
            + (fact.patient,),
        )
    else:
        archive.execute(
            "UPDATE visit_note SET visit = ? WHERE clinic = ? AND visit = ?",
            (fact.becomes, clinic, fact.visit),
        )
        archive.execute(  # whose they are say the claims that follow
            "UPDATE reading SET visit = ? WHERE clinic = ? AND visit = ? AND patient = ?",
            (fact.becomes, clinic, fact.visit, fact.patient),
        )
    for table in MOVED_TABLES:
        archive.execute(
            f"UPDATE {table} SET visit = ?, patient = ?"
            " WHERE clinic = ? AND visit = ? AND patient = ?",
            (fact.becomes, fact.to, clinic, fact.visit, fact.patient),
        )


def _taken_back(archive: Archive, origin: Origin, fact: TakenBackFact) -> None:
    archive.execute(
        "INSERT INTO taken_back (entry, clinic, kind, patient, day, actor, why, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (fact.entry, origin.box.clinic, fact.kind, fact.patient, fact.day, fact.actor, fact.why)
        + (origin.received_ms,),
    )
    table = TAKEN_BACK_TABLES.get(fact.kind)
    if table is not None:
        archive.execute(
            f"UPDATE {table} SET taken_back = 1 WHERE id = ? AND clinic = ?",
            (fact.entry, origin.box.clinic),
        )


def _patch_json(changes: NotePatch) -> str:
    """Return a patch as it is kept; ASCII, so that no engine refuses a letter of it."""
    return json.dumps(msgspec.to_builtins(changes), sort_keys=True)


VISIT_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.VISIT_OPENED: Handler(
        VisitFact.read, each(_visit), Section("patient_visits.html", visit_chart.of_person)
    ),
    EntryKind.VISIT_NOTE: Handler(NoteFact.read, each(_note)),
    EntryKind.VISIT_MOVED: Handler(MoveFact.read, each(_move)),
    EntryKind.MEDICINE: Handler(MedicineFact.read, each(_medicine)),
    EntryKind.TAKEN_BACK: Handler(TakenBackFact.read, each(_taken_back)),
}
