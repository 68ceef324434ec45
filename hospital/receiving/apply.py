"""Putting records away: each once, by its content id, and what a clinician looks at beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import content_ids
from edge.readings import retract
from hospital.archive import Archive, scalar
from hospital.archive.errors import RowRefused
from hospital.entries import parse
from hospital.entries.parse import ReadingFact
from hospital.feed import clinic_settings
from hospital.files import attachments
from hospital.fleet import commands
from hospital.fleet.boxes import Box
from hospital.patients import master_index, messages

RECORD = ("box", "id", "epoch", "lane", "seq", "kind", "received_ms", "record", "trouble")
READING = (
    *("id", "box", "clinic", "patient", "visit", "kind", "source", "device", "model"),
    *("device_time", "flags", "actor", "boot", "t_ms", "wall_ms", "quality", "received_ms"),
    "said",
)


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
    came: dict[str, parse.Fact | None] = {}

    def rows() -> Iterator[tuple[object, ...]]:
        """Read one record after the other, while the database takes in those before."""
        for seq, identity in enumerate(content_ids(box.id, records), start=first_seq):
            if identity not in came:
                record = records[seq - first_seq]
                read = parse.understand(record)
                came[identity] = read.fact
                told = (read.kind, received_ms, record, read.trouble)
                yield (box.id, identity, epoch, lane, seq, *told)

    fresh = archive.insert_new("record", RECORD, rows())
    new = [(Origin(box, i, received_ms), fact) for i, fact in came.items() if i in fresh]
    _enter(archive, new)
    return len(new)


_New = tuple[Origin, parse.Fact | None]


def _enter(archive: Archive, new: Sequence[_New]) -> None:
    """Enter the facts of new records: together, or one by one when one of them does not fit."""
    try:
        with archive.attempt():
            # Claims of these readings, in whatever order they came, find them there.
            _readings(archive, [(o, f) for o, f in new if isinstance(f, ReadingFact)])
            for origin, fact in new:
                if not isinstance(fact, ReadingFact):
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


def _fact(archive: Archive, origin: Origin, fact: parse.Fact | None) -> None:
    match fact:
        case parse.SeenFact() | parse.ComparedFact() | parse.StaffFact() | parse.SettingFact():
            _said_of_others(archive, origin, fact)
        case parse.PatientFact():
            _patient(archive, origin, fact)
        case parse.AlertFact():
            _alert(archive, origin, fact)
        case parse.AssignmentFact():
            _assignment(archive, origin, fact)
        case parse.AnchorFact():
            _anchor(archive, origin, fact)
        case parse.FileFact():
            attachments.tell(archive, origin.box, fact, origin.received_ms)
        case parse.AnswerFact(command, outcome):
            now_ms = origin.received_ms
            commands.acknowledge(archive, origin.box.id, command, outcome, now_ms)


def _said_of_others(
    archive: Archive,
    origin: Origin,
    fact: parse.SeenFact | parse.ComparedFact | parse.StaffFact | parse.SettingFact,
) -> None:
    """Enter what a worker says of something else, or who a worker is."""
    clinic, received_ms = origin.box.clinic, origin.received_ms
    match fact:
        case parse.SettingFact():
            clinic_settings.take(archive, origin.box.id, fact, received_ms)
        case parse.SeenFact():
            messages.hear(archive, master_index.Heard(origin.id, origin.box, received_ms), fact)
        case parse.ComparedFact(reading, actor):
            archive.execute(
                "INSERT INTO compared (reading, clinic, actor, received_ms) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (reading, clinic, actor, received_ms),
            )
        case parse.StaffFact(one, name):
            archive.execute(
                "INSERT INTO staff (id, clinic, name) VALUES (?, ?, ?)"
                " ON CONFLICT (clinic, id) DO UPDATE SET name = excluded.name",
                (one, clinic, name),
            )


def _patient(archive: Archive, origin: Origin, fact: parse.PatientFact) -> None:
    heard = master_index.Heard(origin.id, origin.box, origin.received_ms)
    master_index.take(archive, heard, fact)


def _readings(archive: Archive, new: Sequence[tuple[Origin, ReadingFact]]) -> None:
    if not new:
        return
    before = scalar(archive, "SELECT max(number) AS n FROM reading")
    archive.insert("reading", READING, [_reading_row(origin, fact) for origin, fact in new])
    if any(fact.patient is None for _, fact in new):
        _apply_assignments(archive, new[0][0].box.clinic, before)


def _reading_row(origin: Origin, fact: ReadingFact) -> tuple[object, ...]:
    return (
        *(origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.visit, fact.kind),
        *(fact.source, fact.device, fact.model, fact.device_time, fact.flags, fact.actor),
        *(*_when(fact.at), origin.received_ms, fact.said),
    )


def _apply_assignments(archive: Archive, clinic: str, before: int) -> None:
    """Take up claims that came before their readings, those numbered after `before`."""
    for held in archive.rows(
        "SELECT a.reading, a.patient, a.why FROM reading r JOIN assignment a ON a.reading = r.id"
        " WHERE r.number > ? AND a.clinic = ? AND r.clinic = a.clinic",
        (before, clinic),
    ):
        _assign(archive, held["reading"], clinic, held["patient"], held["why"])


def _assign(
    archive: Archive, reading: str, clinic: str, patient: str | None, why: str | None
) -> None:
    """Say whose a reading is; a reason says that it is wrong, except that of going to the tray."""
    archive.execute(
        "UPDATE reading SET patient = ?, discarded = ? WHERE id = ? AND clinic = ?",
        (patient, int(why not in (None, retract.SOMEBODY_ELSE)), reading, clinic),
    )


def _alert(archive: Archive, origin: Origin, fact: parse.AlertFact) -> None:
    value = fact.value.checked()
    archive.execute(
        "INSERT INTO alert (id, box, clinic, patient, reading, rule, level, parameter, code, value,"
        " unit, comparator, boot, t_ms, wall_ms, quality, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.reading, fact.rule)
        + (fact.level, fact.parameter, value.code, value.number, value.unit, value.comparator)
        + (*_when(fact.at), origin.received_ms),
    )


def _assignment(archive: Archive, origin: Origin, fact: parse.AssignmentFact) -> None:
    archive.execute(
        "INSERT INTO assignment (reading, clinic, patient, actor, why, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (reading, clinic) DO UPDATE SET"
        " patient = excluded.patient, actor = excluded.actor, why = excluded.why,"
        " received_ms = excluded.received_ms",
        (fact.reading, origin.box.clinic, fact.patient, fact.actor, fact.why, origin.received_ms),
    )
    _assign(archive, fact.reading, origin.box.clinic, fact.patient, fact.why)


def _anchor(archive: Archive, origin: Origin, fact: parse.AnchorFact) -> None:
    archive.execute(
        "INSERT INTO anchor (box, boot, t_ms, utc_ms, error_ms, source) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.box.id, fact.boot, fact.t_ms, fact.utc_ms, fact.error_ms, str(fact.source)),
    )


def _when(at: Stamp) -> tuple[int, int, int, str]:
    return at.boot, at.t_ms, at.wall_ms, str(at.quality)


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii").replace("\x00", "")[:200]
