"""What the hospital does with each kind of entry that it applies: one row a kind in `HANDLERS`.

A row says how the record is read, which function enters it, and, when a patient's page lists it,
which template shows it. `docs/how-to/add-an-entry-kind.md` says how a row is added. A record of
another kind is kept as it came.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import Entry, EntryKind
from edge.model.reading import PERHAPS_SAME, Kind
from edge.readings import retract
from hospital.archive import Archive, scalar
from hospital.entries import parse
from hospital.entries.facts import Fact, FileFact, PatientFact, ReadingFact, SeenFact, SettingFact
from hospital.entries.fields import (
    CodedRows,
    Count,
    Moment,
    Text,
    ValueRow,
    ValueRows,
    coded_json,
    values_json,
)
from hospital.entries.parse import Understood
from hospital.feed import clinic_settings
from hospital.files import attachments, patient_files
from hospital.fleet import commands
from hospital.patients import master_index, messages, to_settle, withheld
from hospital.receiving.care_handlers import CARE_HANDLERS
from hospital.receiving.handler import (
    Handler,
    Origin,
    Section,
    each,
    edit_origin,
    stamp_columns,
)
from hospital.receiving.rule_handlers import RULE_HANDLERS
from hospital.receiving.visit_handlers import VISIT_HANDLERS

READING = (
    *("id", "box", "clinic", "patient", "visit", "kind", "source", "device", "model"),
    *("device_time", "flags", "actor", "boot", "t_ms", "wall_ms", "quality", "received_ms"),
    *("said", "withheld", "coded", "sample", "day", "kit"),
)


# --- readings, alerts and assignments -----------------------------------------------------------


class AlertFact(Fact, frozen=True):
    """A rule raised an alert at the box."""

    rule: Text
    level: Text
    parameter: Text
    value: ValueRow
    at: Stamp
    patient: Text | None = None
    reading: Text | None = None
    assessment: Text | None = None
    visit: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> AlertFact:
        """Return the fact of an alert; raises `ValueError`, also when its value is no number."""
        fact = cls._of(entry, entry.body)
        fact.value.checked()
        return fact


class ClaimFact(Fact, frozen=True):
    """A person assigned a reading to a patient (or to none), or gave the reason why it is wrong."""

    reading: Text
    actor: Text | None
    patient: Text | None = None
    why: Text | None = None


class ConfirmFact(Fact, frozen=True):
    """A worker settled a doubt: compared with the display, or a value of its own (`doubt`)."""

    reading: Text
    actor: Text | None
    doubt: Text | None = None


def _readings(archive: Archive, new: Sequence[tuple[Origin, ReadingFact]]) -> Mapping[str, str]:
    before = scalar(archive, "SELECT max(number) AS n FROM reading")
    clinic = new[0][0].box.clinic
    patients = {fact.patient for _, fact in new if fact.patient is not None}
    unknown = withheld.unknown_to(archive, clinic, patients)
    archive.insert("reading", READING, [_reading_row(o, fact, unknown) for o, fact in new])
    if any(fact.patient is None for _, fact in new):
        _apply_claims(archive, clinic, before)
    return {}


def _reading_row(origin: Origin, fact: ReadingFact, unknown: Collection[str]) -> tuple[object, ...]:
    return (
        *(origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.visit, fact.kind),
        *(fact.source, fact.device, fact.model, fact.device_time, fact.flags, fact.actor),
        *(*stamp_columns(fact.at), origin.received_ms, fact.said, int(fact.patient in unknown)),
        *(fact.coded, fact.sample, fact.day, fact.kit),
    )


def _apply_claims(archive: Archive, clinic: str, before: int) -> None:
    """Take up claims that came before their readings, those numbered after `before`."""
    for claim in archive.rows(
        "SELECT a.reading, a.patient, a.why FROM reading r JOIN assignment a ON a.reading = r.id"
        " WHERE r.number > ? AND a.clinic = ? AND r.clinic = a.clinic",
        (before, clinic),
    ):
        _assign(archive, claim["reading"], clinic, claim["patient"], claim["why"])


def _assign(
    archive: Archive, reading: str, clinic: str, patient: str | None, why: str | None
) -> None:
    """Assign a reading to a patient; a reason other than `SOMEBODY_ELSE` marks it as wrong."""
    wrong = int(why not in (None, retract.SOMEBODY_ELSE))
    archive.execute(
        "UPDATE reading SET patient = ?, discarded = ?, withheld = ? WHERE id = ? AND clinic = ?",
        (patient, wrong, withheld.is_withheld(archive, clinic, patient), reading, clinic),
    )


def _alert(archive: Archive, origin: Origin, fact: AlertFact) -> None:
    value = fact.value.checked()
    archive.execute(
        "INSERT INTO alert (id, box, clinic, patient, reading, rule, level, parameter, code, value,"
        " unit, comparator, boot, t_ms, wall_ms, quality, received_ms, withheld, assessment,"
        " visit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.reading, fact.rule)
        + (fact.level, fact.parameter, value.code, value.number, value.unit, value.comparator)
        + (*stamp_columns(fact.at), origin.received_ms)
        + (withheld.is_withheld(archive, origin.box.clinic, fact.patient),)
        + (fact.assessment, fact.visit),
    )


def _claim(archive: Archive, origin: Origin, fact: ClaimFact) -> None:
    archive.execute(
        "INSERT INTO assignment (reading, clinic, patient, actor, why, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (reading, clinic) DO UPDATE SET"
        " patient = excluded.patient, actor = excluded.actor, why = excluded.why,"
        " received_ms = excluded.received_ms",
        (fact.reading, origin.box.clinic, fact.patient, fact.actor, fact.why, origin.received_ms),
    )
    _assign(archive, fact.reading, origin.box.clinic, fact.patient, fact.why)


def _confirm(archive: Archive, origin: Origin, fact: ConfirmFact) -> None:
    table = "told_apart" if fact.doubt == PERHAPS_SAME else "compared"
    archive.execute(
        f"INSERT INTO {table} (reading, clinic, actor, received_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (fact.reading, origin.box.clinic, fact.actor, origin.received_ms),
    )


# --- patients and their files -------------------------------------------------------------------


def _patients(archive: Archive, new: Sequence[tuple[Origin, PatientFact]]) -> Mapping[str, str]:
    edits = [(edit_origin(origin), fact) for origin, fact in new]
    applied = master_index.apply_edits(archive, edits)
    for patient_id in applied.new:
        withheld.judge_again(archive, patient_id)
    return applied.refused


def _seen(archive: Archive, origin: Origin, fact: SeenFact) -> None:
    messages.mark_seen(archive, edit_origin(origin), fact)


def _file(archive: Archive, origin: Origin, fact: FileFact) -> None:
    apart = withheld.is_withheld(archive, origin.box.clinic, fact.patient)
    attachments.enter_manifest(archive, origin.box, fact, origin.received_ms, withheld=apart)


# --- the clinic and its box ---------------------------------------------------------------------


class StaffFact(Fact, frozen=True):
    """Who somebody at the clinic is: their name, for a staff id."""

    staff: Text
    name: Text


class ClockFact(Fact, frozen=True):
    """Somebody vouched for the box's clock at one moment."""

    boot: Count
    t_ms: Count
    utc_ms: Moment
    error_ms: Count
    source: ClockQuality

    @classmethod
    def read(cls, entry: Entry) -> ClockFact | None:
        """Return what was vouched for; None when no true time is in it."""
        return cls._of(entry, entry.body) if "utc_ms" in entry.body else None


class ControlFact(Fact, frozen=True):
    """A device measured control material: quality control of the device, nobody's reading."""

    device: Text
    values: ValueRows
    at: Stamp
    coded: CodedRows = ()
    model: Text | None = None
    record: Text | None = None
    time: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> ControlFact:
        """Return the fact of a control; raises `ValueError`, also when a value is no number."""
        fact = cls._of(entry, entry.body)
        for value in fact.values:
            value.checked()
        return fact


class AnswerFact(Fact, frozen=True):
    """The box answers a command: the outcome, in a word."""

    command: Text
    outcome: Text


def _staff(archive: Archive, origin: Origin, fact: StaffFact) -> None:
    archive.execute(
        "INSERT INTO staff (id, clinic, name) VALUES (?, ?, ?)"
        " ON CONFLICT (clinic, id) DO UPDATE SET name = excluded.name",
        (fact.staff, origin.box.clinic, fact.name),
    )


def _clock(archive: Archive, origin: Origin, fact: ClockFact) -> None:
    archive.execute(
        "INSERT INTO anchor (box, boot, t_ms, utc_ms, error_ms, source) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.box.id, fact.boot, fact.t_ms, fact.utc_ms, fact.error_ms, str(fact.source)),
    )


def _control(archive: Archive, origin: Origin, fact: ControlFact) -> None:
    archive.execute(
        "INSERT INTO control (id, box, clinic, device, model, said, coded, sample, device_time,"
        " boot, t_ms, wall_ms, quality, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (origin.id, origin.box.id, origin.box.clinic, fact.device, fact.model)
        + (values_json(fact.values), coded_json(fact.coded), fact.record or "", fact.time)
        + (*stamp_columns(fact.at), origin.received_ms),
    )


def _answer(archive: Archive, origin: Origin, fact: AnswerFact) -> None:
    commands.acknowledge(archive, origin.box.id, fact.command, fact.outcome, origin.received_ms)


def _setting(archive: Archive, origin: Origin, fact: SettingFact) -> None:
    clinic_settings.store_answer(archive, origin.box.id, fact, origin.received_ms)


# --- the table ----------------------------------------------------------------------------------

HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.READING: Handler(ReadingFact.read, _readings),
    EntryKind.CLAIM: Handler(ClaimFact.read, each(_claim)),
    EntryKind.CONFIRM: Handler(ConfirmFact.read, each(_confirm)),
    EntryKind.ALERT: Handler(AlertFact.read, each(_alert)),
    EntryKind.PATIENT: Handler(PatientFact.read, _patients),
    EntryKind.SEEN: Handler(SeenFact.read, each(_seen)),
    EntryKind.FILE: Handler(
        FileFact.read, each(_file), Section("patient_files.html", patient_files.of_person)
    ),
    EntryKind.STAFF: Handler(StaffFact.read, each(_staff)),
    EntryKind.CLOCK: Handler(ClockFact.read, each(_clock)),
    EntryKind.CONTROL: Handler(ControlFact.read, each(_control)),
    EntryKind.COMMAND: Handler(AnswerFact.read, each(_answer)),
    EntryKind.SETTING: Handler(SettingFact.read, each(_setting)),
    **VISIT_HANDLERS,
    **CARE_HANDLERS,
    **RULE_HANDLERS,
}
"""The kinds that `ENTRY_KINDS` says the hospital applies; a test holds both together."""

TOGETHER: Final = (EntryKind.READING.value, EntryKind.PATIENT.value)
"""The kinds of which all facts that came together are applied by one call, in this order."""

SECTIONS: Final = tuple(h.section for h in HANDLERS.values() if h.section is not None)
"""The parts of a patient's page that these rows fill."""

READERS: Final = {str(kind): handler.read for kind, handler in HANDLERS.items()}


understand: Final = parse.parser(READERS)
"""Reads a record; never raises."""


def apply(archive: Archive, new: Sequence[tuple[Origin, Understood]]) -> Mapping[str, str]:
    """Apply the facts of new records, in their order; return why some are refused, by record id.

    Raises `RowRefused` when an engine does not take one of them.

    Readings go first and together: claims of them, in whatever order they came, find them there.
    The edits of patients go together, too, so that a patient is merged once.
    """
    together: dict[str, list[tuple[Origin, Any]]] = {kind: [] for kind in TOGETHER}
    for origin, read in new:
        if read.fact is not None and read.kind in together:
            together[read.kind].append((origin, read.fact))
    refused: dict[str, str] = {}
    for kind, facts in together.items():
        if facts:
            refused |= HANDLERS[kind].apply(archive, facts)
    for origin, read in new:
        if read.fact is not None and read.kind not in together:
            refused |= HANDLERS[read.kind].apply(archive, [(origin, read.fact)])
    _note_changes(archive, [read for _, read in new if read.fact is not None])
    return refused


_CHANGES_WHO_COMES: Final = frozenset(
    {
        *(EntryKind.PROGRAMME.value, EntryKind.APPOINTMENT.value, EntryKind.CALL.value),
        *(EntryKind.IMMUNIZATION.value, EntryKind.VISIT_OPENED.value, EntryKind.VISIT_MOVED.value),
        EntryKind.TAKEN_BACK.value,
    }
)
"""Kinds whose arrival changes who should come; patients are noted where they are merged."""


def _note_changes(archive: Archive, new: Sequence[Understood]) -> None:
    """Let those be looked at again of whom something came that decides who should come."""
    who: list[Any] = [one.fact for one in new if one.kind in _CHANGES_WHO_COMES]
    moved: list[Any] = [one.fact for one in new if one.kind == EntryKind.VISIT_MOVED]
    measured: list[Any] = [one.fact for one in new if one.kind == EntryKind.READING]
    to_settle.note(archive, [fact.patient for fact in who] + [fact.to for fact in moved])
    pressures = [fact.patient for fact in measured if fact.kind == Kind.BLOOD_PRESSURE]
    to_settle.note_measured(archive, pressures)
