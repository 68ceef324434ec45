"""Putting records away: each once, by its content id, and what a clinician looks at beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.clock import Stamp
from edge.entry import content_id
from edge.reading import Value
from hospital import derive, directives, reconcile
from hospital.archive import Archive, row
from hospital.boxes import Box
from hospital.errors import RowRefused


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record came from, and when it came by the hospital's clock."""

    box: Box
    id: str
    received_ms: int


def keep(
    archive: Archive,
    box: Box,
    place: tuple[int, str, int],
    records: Sequence[bytes],
    received_ms: int,
) -> int:
    """Insert records from (epoch, lane, sequence) on; return how many were new.

    Inside the caller's transaction. A record that is here already is success: a box that had to
    start a new epoch sends again what it still holds.
    """
    epoch, lane, first_seq = place
    new: list[_New] = []
    for seq, record in enumerate(records, start=first_seq):
        origin = Origin(box, str(content_id(box.id, record)), received_ms)
        read = derive.understand(record)
        inserted = archive.execute(
            "INSERT INTO record (box, id, epoch, lane, seq, kind, received_ms, record, trouble)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (box.id, origin.id, epoch, lane, seq, read.kind, received_ms, record, read.trouble),
        )
        if inserted:
            new.append((origin, read.fact))
    _enter(archive, new)
    return len(new)


_New = tuple[Origin, derive.Fact | None]


def _enter(archive: Archive, new: Sequence[_New]) -> None:
    """Enter the facts of new records: together, or one by one when one of them does not fit."""
    try:
        with archive.attempt():
            for origin, fact in new:
                _fact(archive, origin, fact)
    except RowRefused as error:
        if len(new) > 1:
            for one in new:
                _enter(archive, [one])
            return
        origin = new[0][0]
        archive.execute(
            "UPDATE record SET trouble = ? WHERE box = ? AND id = ?",
            (_plain(f"not entered: {error}"), origin.box.id, origin.id),
        )


def _fact(archive: Archive, origin: Origin, fact: derive.Fact | None) -> None:
    match fact:
        case derive.PatientFact():
            _patient(archive, origin, fact)
        case derive.ReadingFact():
            _reading(archive, origin, fact)
        case derive.AlertFact():
            _alert(archive, origin, fact)
        case derive.AssignmentFact():
            _assignment(archive, origin, fact)
        case derive.AnchorFact():
            _anchor(archive, origin, fact)
        case derive.AnswerFact(command, outcome):
            now_ms = origin.received_ms
            directives.acknowledge(archive, origin.box.id, command, outcome, now_ms)


def _patient(archive: Archive, origin: Origin, fact: derive.PatientFact) -> None:
    heard = reconcile.Heard(origin.id, origin.box, origin.received_ms)
    reconcile.take(archive, heard, fact)


def _reading(archive: Archive, origin: Origin, fact: derive.ReadingFact) -> None:
    archive.execute(
        "INSERT INTO reading (id, box, clinic, patient, visit, kind, source, device, model,"
        " device_time, flags, actor, boot, t_ms, wall_ms, quality, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.visit, fact.kind)
        + (fact.source, fact.device, fact.model, fact.device_time, fact.flags, fact.actor)
        + (*_when(fact.at), origin.received_ms),
    )
    if fact.patient is None:
        _apply_assignment(archive, origin)
    if fact.values:
        archive.execute(
            "INSERT INTO reading_value (reading, place, code, value, unit, comparator) VALUES "
            + ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(fact.values)),
            [
                part
                for place, value in enumerate(fact.values)
                for part in _row(origin, place, value)
            ],
        )


def _row(origin: Origin, place: int, value: Value) -> tuple[object, ...]:
    return origin.id, place, value.code, str(value.value), value.unit, value.comparator


def _apply_assignment(archive: Archive, origin: Origin) -> None:
    """Take up a claim that came before its reading."""
    held = row(
        archive,
        "SELECT patient FROM assignment WHERE reading = ? AND clinic = ?",
        (origin.id, origin.box.clinic),
    )
    if held is not None:
        _assign(archive, origin.id, origin.box.clinic, held["patient"])


def _assign(archive: Archive, reading: str, clinic: str, patient: str | None) -> None:
    archive.execute(
        "UPDATE reading SET patient = ?, discarded = ? WHERE id = ? AND clinic = ?",
        (patient, int(patient is None), reading, clinic),
    )


def _alert(archive: Archive, origin: Origin, fact: derive.AlertFact) -> None:
    value = fact.value
    archive.execute(
        "INSERT INTO alert (id, box, clinic, patient, reading, rule, level, parameter, code, value,"
        " unit, comparator, boot, t_ms, wall_ms, quality, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.reading, fact.rule)
        + (fact.level, fact.parameter, value.code, str(value.value), value.unit, value.comparator)
        + (*_when(fact.at), origin.received_ms),
    )


def _assignment(archive: Archive, origin: Origin, fact: derive.AssignmentFact) -> None:
    archive.execute(
        "INSERT INTO assignment (reading, clinic, patient, actor, why, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (reading, clinic) DO UPDATE SET"
        " patient = excluded.patient, actor = excluded.actor, why = excluded.why,"
        " received_ms = excluded.received_ms",
        (fact.reading, origin.box.clinic, fact.patient, fact.actor, fact.why, origin.received_ms),
    )
    _assign(archive, fact.reading, origin.box.clinic, fact.patient)


def _anchor(archive: Archive, origin: Origin, fact: derive.AnchorFact) -> None:
    a = fact.anchor
    archive.execute(
        "INSERT INTO anchor (box, boot, t_ms, utc_ms, error_ms, source) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.box.id, a.boot, a.t_ms, a.utc_ms, a.error_ms, str(a.source)),
    )


def _when(at: Stamp) -> tuple[int, int, int, str]:
    return at.boot, at.t_ms, at.wall_ms, str(at.quality)


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii").replace("\x00", "")[:200]
