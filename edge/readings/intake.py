"""Intake of readings: each is checked, recorded and queued in a single transaction.

Readings enter by no other way. When `accept` has returned, the reading survives a power cut. A
reading that belongs to no open visit goes to the tray of unassigned readings; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from edge.equipment import device_clock
from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.reading import (
    IMPROBABLE,
    PERHAPS_SAME,
    SMALL_AFTER_PERSON,
    UNCHECKED,
    Kind,
    Reading,
)
from edge.readings import alerts, earlier, identity
from edge.readings import measured as counting
from edge.readings.bodies import reading_body
from edge.readings.identity import Likeness, Transmission, Verdict
from edge.rules import plausibility
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits

INFANT_YEARS = 2
"""Below this age a weight under 10 kg is ordinary (WHO Child Growth Standards, 2006)."""

MEASURED_BEFORE_TOLERANCE_S = 30
"""How much earlier than the visit's opening a device's own clock may place its reading."""


@dataclass(frozen=True, slots=True)
class AcceptedReading:
    """The reading is on the disk. `patient_id` is None when it waits in the tray.

    `perhaps` is the earlier reading that it may be, sent again (`edge.readings.identity`).
    """

    entry: int
    patient_id: str | None
    warnings: tuple[plausibility.Finding, ...] = ()
    alerts: tuple[int, ...] = ()
    perhaps: int | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same measurement is held as `entry`: the device was proven to have sent it again."""

    entry: int


@dataclass(frozen=True, slots=True)
class RejectedReading:
    """Not a possible reading; its raw bytes and the reason are kept as `entry`."""

    entry: int
    why: plausibility.Finding


Outcome = AcceptedReading | Duplicate | RejectedReading


def accept(store: Store, reading: Reading, *, age_s: int | None = None) -> Outcome:
    """Judge and record a reading; `age_s` is how long ago the device says it measured, if known."""
    with store.transaction():
        return _accept(store, reading, age_s)


def accept_all(store: Store, readings: Sequence[tuple[Reading, int | None]]) -> list[Outcome]:
    """Do what `accept` does for readings with their ages, by one commit: all of them or none."""
    with store.transaction():
        return [_accept(store, reading, age_s) for reading, age_s in readings]


def refuse(store: Store, reading: Reading, kind: str, text: str) -> RejectedReading:
    """Keep the bytes of something that no decoder could turn into values, and say why."""
    with store.transaction():
        return _reject(store, reading, plausibility.Finding(kind, "", text))


def claim(
    store: Store,
    now: Stamp,
    entry: int,
    patient_id: str,
    *,
    actor: str,
    visit_id: str | None = None,
) -> None:
    """Give an unassigned reading to a patient, and to a visit of theirs when it is known which.

    Raises `NotFound` or `ActionRefused`.
    """
    with store.transaction():
        if store.row("SELECT 1 FROM patient WHERE id = ?", (patient_id,)) is None:
            raise NotFound(f"no patient {patient_id}")
        _take_from_tray(store, entry, "claimed")
        body = {"reading": journal.identity(store, entry), "patient": patient_id}
        journal.append(store, EntryKind.CLAIM, now, body, actor=actor)
        store.execute(
            "UPDATE reading SET patient_id = ?, visit_id = ? WHERE entry = ?",
            (patient_id, visit_id, entry),
        )
        alerts.judge_one(store, now, entry, patient_id)


def discard(store: Store, now: Stamp, entry: int, why: str, *, actor: str) -> None:
    """Take a reading out of the tray as nobody's; it stays in the journal."""
    with store.transaction():
        _take_from_tray(store, entry, "discarded")
        body = {"reading": journal.identity(store, entry), "patient": None, "why": why}
        journal.append(store, EntryKind.CLAIM, now, body, actor=actor)


def confirm(store: Store, now: Stamp, entry: int, *, actor: str) -> None:
    """Record that somebody compared an unchecked reading with the device's display and agrees.

    Confirming again changes nothing; raises `NotFound`, `ActionRefused` ("checked") when there is
    nothing to compare.
    """
    row = store.row("SELECT compared, patient_id, tray FROM reading WHERE entry = ?", (entry,))
    reading = journal.read(store, entry)
    if row is None or reading is None:
        raise NotFound(f"no reading {entry}")
    quality = reading.body.get("quality")
    if not isinstance(quality, list) or not {UNCHECKED, IMPROBABLE} & set(quality):
        raise ActionRefused("checked", "this reading came with a checksum")
    if row["compared"] is not None:
        return
    with store.transaction():
        body = {"reading": journal.identity(store, entry)}
        confirmation = journal.append(store, EntryKind.CONFIRM, now, body, actor=actor)
        store.execute("UPDATE reading SET compared = ? WHERE entry = ?", (confirmation, entry))
        if row["patient_id"] is not None and row["tray"] != "discarded":
            alerts.judge_one(store, now, entry, row["patient_id"])


def tell_apart(store: Store, now: Stamp, entry: int, *, actor: str) -> None:
    """Record that somebody said that a reading marked "perhaps the same" is a value of its own.

    Saying so again changes nothing; raises `NotFound`, `ActionRefused` ("not-doubted").
    """
    row = store.row("SELECT perhaps, told_apart FROM reading WHERE entry = ?", (entry,))
    if row is None:
        raise NotFound(f"no reading {entry}")
    if row["perhaps"] is None:
        raise ActionRefused("not-doubted", "nothing like this reading came before it")
    if row["told_apart"] is not None:
        return
    with store.transaction():
        body = {"reading": journal.identity(store, entry), "doubt": PERHAPS_SAME}
        said = journal.append(store, EntryKind.CONFIRM, now, body, actor=actor)
        store.execute("UPDATE reading SET told_apart = ? WHERE entry = ?", (said, entry))
        alerts.judge(store, now, entry)


def _accept(store: Store, reading: Reading, age_s: int | None) -> Outcome:
    key = identity.key_of(reading)
    clock = device_clock.of(store, reading.device_id) if key and reading.device_id else None
    came = earlier.how_it_came(store, reading, clock)
    verdict = identity.judge(came, earlier.like(store, key), clock)
    if verdict.likeness is Likeness.REPEATED and verdict.entry is not None:
        earlier.note_repeated(store, reading, verdict.entry)
        return Duplicate(verdict.entry)
    if reading.source == "device":
        reading = replace(reading, measured=plausibility.without_impossible(reading.measured))
    why = plausibility.refusal(reading.measured)
    if why is not None:
        return _reject(store, reading, why)
    assigned = _assign(store, _doubted(_marked(reading), verdict), age_s)
    return _record(store, _of_infant(store, assigned), _Place(key, came, verdict))


def _doubted(reading: Reading, verdict: Verdict) -> Reading:
    if verdict.likeness is not Likeness.PERHAPS:
        return reading
    measured = reading.measured
    marked = replace(measured, quality=(*measured.quality, PERHAPS_SAME))
    return replace(reading, measured=marked)


def _reject(store: Store, reading: Reading, why: plausibility.Finding) -> RejectedReading:
    body = {"why": why.kind, "text": why.text, "raw": reading.raw.hex()}
    if reading.device_id is not None:
        body["device"] = reading.device_id
    entry = journal.append(store, EntryKind.REJECTED, reading.stamp, body, actor=reading.actor)
    store.execute(
        "INSERT INTO rejected (entry, device_id, why, raw, wall_ms) VALUES (?, ?, ?, ?, ?)",
        (entry, reading.device_id, why.text, reading.raw, reading.stamp.wall_ms),
    )
    return RejectedReading(entry, why)


def _assign(store: Store, reading: Reading, age_s: int | None) -> Reading:
    if reading.patient_id is not None or reading.measured.stored:
        return reading
    visit = visits.current(store, reading.stamp)
    if visit is None or _before(visit, reading, age_s):
        return reading
    visits.touch(store, reading.stamp, visit)
    return replace(reading, patient_id=visit.patient_id, visit_id=visit.id, actor=visit.actor)


def _before(visit: visits.Visit, reading: Reading, age_s: int | None) -> bool:
    if age_s is None:
        return False
    open_s = (reading.stamp.t_ms - visit.opened.t_ms) / 1000
    return age_s > open_s + MEASURED_BEFORE_TOLERANCE_S


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new reading stands among those like it."""

    key: bytes | None
    came: Transmission
    verdict: Verdict


def _record(store: Store, reading: Reading, place: _Place) -> AcceptedReading:
    at, measured = reading.stamp, reading.measured
    body = reading_body(reading)
    entry = journal.append(store, EntryKind.READING, at, body, actor=reading.actor)
    warnings = _warnings(store, reading)
    perhaps, came = place.verdict.entry, place.came
    connected = came.connected
    store.execute(
        "INSERT INTO reading (entry, kind, source, patient_id, visit_id, device_id, device_key,"
        " wall_ms, warnings, tray, raw, connected, message, clock_run, numbering, perhaps, day,"
        " follows) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry, measured.kind.value, reading.source, reading.patient_id, reading.visit_id)
        + (reading.device_id, place.key, at.wall_ms)
        + (" ".join(w.name for w in warnings), None if reading.patient_id else "waiting")
        + (reading.raw or None, f"{connected.boot} {connected.t_ms}" if connected else None)
        + (came.message or None, came.clock_run, came.numbering, perhaps)
        + _on_paper(store, reading),
    )
    store.execute("DELETE FROM repeated WHERE device_id = ?", (reading.device_id,))
    if reading.patient_id is None:
        return AcceptedReading(entry, None, warnings, perhaps=perhaps)
    if measured.kind is Kind.BLOOD_PRESSURE:
        counting.reckon(store, at, reading.visit_id, reading.actor)
    raised = alerts.judge(store, at, entry)
    return AcceptedReading(entry, reading.patient_id, warnings, raised, perhaps)


def _on_paper(store: Store, reading: Reading) -> tuple[str | None, int | None]:
    """Return the day that stands on paper, and the last entry of a reading of that day or before.

    It has its place among the others by that entry, in whatever order they were typed in.
    """
    if reading.day is None:
        return None, None
    after = datetime.combine(reading.day + timedelta(days=1), time()).astimezone()
    sql = "SELECT max(entry) FROM reading WHERE day IS NULL AND wall_ms < ?"
    return reading.day.isoformat(), store.scalar(sql, (int(after.timestamp() * 1000),))


def _warnings(store: Store, reading: Reading) -> tuple[plausibility.Finding, ...]:
    age = None
    if reading.patient_id is not None:
        age = alerts.age_of(store, reading.patient_id, reading.stamp)
    return plausibility.doubtful(reading.measured.values, age)


def _marked(reading: Reading) -> Reading:
    """Mark a hardly possible value of a device: a person looks at its display and confirms it.

    Who types such a value has confirmed it already.
    """
    measured = reading.measured
    if reading.source == "typed" or not plausibility.improbable(measured.values):
        return reading
    marked = replace(measured, quality=(*measured.quality, IMPROBABLE))
    return replace(reading, measured=marked)


def _of_infant(store: Store, reading: Reading) -> Reading:
    """Drop the doubt about a small weight while the visit of an infant is open."""
    measured = reading.measured
    if SMALL_AFTER_PERSON not in measured.quality or reading.patient_id is None:
        return reading
    age = alerts.age_of(store, reading.patient_id, reading.stamp)
    if age is None or age.years >= INFANT_YEARS:
        return reading
    quality = tuple(flag for flag in measured.quality if flag != SMALL_AFTER_PERSON)
    return replace(reading, measured=replace(measured, quality=quality))


def _take_from_tray(store: Store, entry: int, state: str) -> None:
    taken = store.changed(
        "UPDATE reading SET tray = ? WHERE entry = ? AND tray = 'waiting'", (state, entry)
    )
    if taken:
        return
    if store.row("SELECT 1 FROM reading WHERE entry = ?", (entry,)) is None:
        raise NotFound(f"no reading {entry}")
    raise ActionRefused("already-claimed", "somebody has already dealt with this reading")
