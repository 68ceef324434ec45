"""Queries of recorded readings: a patient's history, a visit's values, the tray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.assessments import measured_facts, silence
from edge.assessments.silence import Silence
from edge.model import units
from edge.model.clock import PlacedStamp, Stamp, place, place_day
from edge.model.entry import Entry
from edge.model.reading import (
    IMPROBABLE,
    NO_DOUBT,
    PERHAPS_SAME,
    UNCHECKED,
    CodedValue,
    EyeTestKit,
    Kind,
    Value,
)
from edge.readings import alerts, earlier
from edge.readings.bodies import coded_of, day_of, kit_of, values_of
from edge.store.outbox import confirmed_entries
from edge.store.store import Row, Store

_COLUMNS = (
    "SELECT r.entry, r.kind, r.source, r.patient_id, r.visit_id, r.device_id, r.warnings, r.tray,"
    " r.compared, r.perhaps, r.told_apart, j.record, d.model AS device_model"
    " FROM reading r JOIN journal j ON j.id = r.entry LEFT JOIN device d ON d.id = r.device_id"
)

_NEWEST = "ORDER BY coalesce(r.follows, r.entry) DESC, r.day IS NULL, r.day DESC, r.entry DESC"
"""Newest first: what was typed in later from paper stands where its day is."""

_HAVING = "SELECT 1 FROM reading r JOIN journal j ON j.id = r.entry"

PAGE = 50
"""Readings on one page of a list; what is older or newer is on the next."""

EACH = 12
"""Readings of each kind that a visit shows; the history has the rest."""


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A recorded reading as people look at it; `confirmed` only when a receipt covers it.

    `needs_confirmation` asks a person to compare it with the device's own display. `struck`:
    somebody said that it is wrong, so nothing may be concluded from it. `perhaps` is the entry of
    the earlier reading that it may be, until a person says whether it is one value or two, and
    `perhaps_of` when that was recorded;
    `record` is the number of an analyser's sample or of a meter's record, `found` the fields that
    sample and time came from.
    """

    entry: int
    kind: str
    values: tuple[Value, ...]
    coded: tuple[CodedValue, ...]
    source: str
    model: str | None
    device_id: str | None
    patient_id: str | None
    visit_id: str | None
    placed: PlacedStamp
    device_time: datetime | None
    quality: tuple[str, ...]
    warnings: tuple[str, ...]
    tray: str | None
    actor: str | None
    confirmed: bool
    needs_confirmation: bool = False
    perhaps: int | None = None
    perhaps_of: PlacedStamp | None = None
    record: str = ""
    found: tuple[str, ...] = ()
    kit: EyeTestKit | None = None

    @property
    def struck(self) -> bool:
        """Whether the reading was taken back as wrong (`retract`, `intake.discard`)."""
        return self.tray == "discarded"

    @property
    def doubts(self) -> tuple[str, ...]:
        """The quality flags without those that somebody settled."""
        settled = set() if self.needs_confirmation else {UNCHECKED, IMPROBABLE}
        settled |= set() if self.perhaps is not None else {PERHAPS_SAME}
        return tuple(flag for flag in self.quality if flag not in settled | NO_DOUBT)

    def value(self, code: str) -> Value | None:
        """Return the value of a LOINC code, in whichever unit it was measured, or None."""
        return next((v for v in self.values if v.code in units.codes_of(code)), None)


@dataclass(frozen=True, slots=True)
class VitalPage:
    """The readings of one vital on a page, newest first, and where they stand among all `total`."""

    readings: list[StoredReading]
    skip: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelCount:
    """How many readings came from the devices of one model, and how many a receipt covers."""

    model: str
    link: str
    readings: int
    confirmed: int


def count_by_model(store: Store) -> list[ModelCount]:
    """Return the counts of every model that has given a reading."""
    rows = store.rows(
        "SELECT d.model, d.link, count(*) AS readings, sum(j.id <= s.cum_entry) AS confirmed"
        " FROM reading r JOIN device d ON d.id = r.device_id JOIN journal j ON j.id = r.entry"
        " JOIN stream s ON s.lane = j.lane"
        " GROUP BY d.model, d.link ORDER BY d.model, d.link"
    )
    return [ModelCount(r["model"], r["link"], r["readings"], r["confirmed"]) for r in rows]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A measurement that did not become a reading: the stable reason, and the device it came from.

    `measures` are the device's kinds of measuring, as in `edge.equipment.registry.Device`.
    """

    entry: int
    why: str
    text: str
    model: str | None
    measures: tuple[str, ...]
    placed: PlacedStamp


def of_patient(store: Store, patient_id: str, limit: int = 200) -> list[StoredReading]:
    """Return a patient's readings of all kinds, newest first, at most `limit`."""
    where = f" WHERE r.patient_id = ? {_NEWEST} LIMIT ?"
    return _recorded(store, store.rows(_COLUMNS + where, (patient_id, limit)))


def codes_of(store: Store, patient_ids: Sequence[str], codes: Sequence[str]) -> list[str]:
    """Return which of the LOINC `codes` any reading of these records has, in their order."""
    marks = ",".join("?" * len(patient_ids))
    sql = f"{_HAVING} WHERE r.patient_id IN ({marks}) AND instr(j.record, ?) LIMIT 1"
    return [
        code
        for code in codes
        if any(store.row(sql, (*patient_ids, _quoted(one))) for one in units.codes_of(code))
    ]


def of_code(
    store: Store, patient_ids: Sequence[str], code: str, skip: int = 0, limit: int = PAGE
) -> VitalPage:
    """Return one page of the readings that have a LOINC code, newest first.

    `skip` are the newer ones that other pages show. `patient_ids` are the records of one person.
    """
    marks, same = ",".join("?" * len(patient_ids)), units.codes_of(code)
    asked = (*patient_ids, *map(_quoted, same))
    having = " OR ".join("instr(j.record, ?)" for _ in same)
    where = f" WHERE r.patient_id IN ({marks}) AND ({having})"
    total = store.scalar(_HAVING.replace("SELECT 1", "SELECT count(*)") + where, asked)
    rows = store.rows(f"{_COLUMNS}{where} {_NEWEST} LIMIT ? OFFSET ?", (*asked, limit, skip))
    found = [reading for reading in _recorded(store, rows) if reading.value(code) is not None]
    return VitalPage(found, skip, total)


def of_kind(
    store: Store, patient_ids: Sequence[str], kind: str, skip: int = 0, limit: int = PAGE
) -> VitalPage:
    """Return one page of the readings of a kind, such as "laboratory", newest first."""
    marks, asked = ",".join("?" * len(patient_ids)), (*patient_ids, kind)
    where = f" WHERE r.patient_id IN ({marks}) AND r.kind = ?"
    total = store.scalar(f"SELECT count(*) FROM reading r{where}", asked)
    rows = store.rows(f"{_COLUMNS}{where} {_NEWEST} LIMIT ? OFFSET ?", (*asked, limit, skip))
    return VitalPage(_recorded(store, rows), skip, total)


def of_visit(store: Store, visit_id: str, each: int = EACH) -> list[StoredReading]:
    """Return what was measured in a visit, newest first: the newest `each` of every kind.

    Readings that a rule found urgent are all there, however many came after them.
    """
    sql = (
        "SELECT entry FROM (SELECT r.entry, row_number() OVER (PARTITION BY r.kind"
        " ORDER BY r.entry DESC) AS place FROM reading r JOIN visit v ON v.id = r.visit_id"
        " AND v.patient_id = r.patient_id WHERE r.visit_id = ?1)"
        " WHERE place <= ?2 OR entry IN (SELECT reading FROM alert)"
        " OR entry IN (SELECT reading FROM assessment_reading WHERE danger = 1)"
    )
    where = f" WHERE r.entry IN ({sql}) ORDER BY r.entry DESC"
    return _recorded(store, store.rows(_COLUMNS + where, (visit_id, each)))


def count_of_visit(store: Store, visit_id: str) -> int:
    """Return how many readings a visit has."""
    return store.scalar(
        "SELECT count(*) FROM reading r JOIN visit v ON v.id = r.visit_id"
        " AND v.patient_id = r.patient_id WHERE r.visit_id = ?",
        (visit_id,),
    )


def newest_of_kinds(store: Store, after: int, visit_id: str | None) -> list[StoredReading]:
    """Return the newest reading of each kind since journal entry `after`, newest first.

    Of a visit, or with None of those that belong to nobody yet.
    """
    which = "r.tray = 'waiting'" if visit_id is None else "r.visit_id = ?2"
    sql = f"SELECT max(r.entry) FROM reading r WHERE r.entry > ?1 AND {which} GROUP BY r.kind"
    values = (after,) if visit_id is None else (after, visit_id)
    where = f" WHERE r.entry IN ({sql}) ORDER BY r.entry DESC"
    return _recorded(store, store.rows(_COLUMNS + where, values))


def last_kit(store: Store, code: str) -> EyeTestKit | None:
    """Return the kit of the last test of a LOINC code that a person read by eye, or None."""
    sql = f"{_COLUMNS} WHERE r.kind = ? AND instr(j.record, ?) ORDER BY r.entry DESC LIMIT 1"
    row = store.row(sql, (Kind.TEST.value, _quoted(code)))
    return None if row is None else kit_of(Entry.parse(row["record"].encode("utf-8")).body)


def last_before(store: Store, patient_ids: Sequence[str], visit_id: str) -> list[StoredReading]:
    """Return the newest reading of each kind of a person outside a visit, newest first."""
    marks = ",".join("?" * len(patient_ids))
    sql = (
        f"SELECT max(r.entry) FROM reading r WHERE r.patient_id IN ({marks})"
        " AND r.visit_id IS NOT ? AND coalesce(r.tray, '') <> 'discarded' GROUP BY r.kind"
    )
    where = f" WHERE r.entry IN ({sql}) ORDER BY r.entry DESC"
    return _recorded(store, store.rows(_COLUMNS + where, (*patient_ids, visit_id)))


def in_tray(store: Store, skip: int = 0, limit: int = PAGE) -> list[StoredReading]:
    """Return one page of the readings that belong to nobody yet, newest first."""
    where = " WHERE r.tray = 'waiting' ORDER BY r.entry DESC LIMIT ? OFFSET ?"
    return _recorded(store, store.rows(_COLUMNS + where, (limit, skip)))


def one(store: Store, entry: int) -> StoredReading | None:
    """Return one reading, or None."""
    found = _recorded(store, store.rows(_COLUMNS + " WHERE r.entry = ?", (entry,)))
    return found[0] if found else None


def refused(store: Store, after: int, until: int | None = None, limit: int = 20) -> list[Refusal]:
    """Return what was refused after journal entry `after` (up to `until`), newest first."""
    rows = store.rows(
        "SELECT f.entry, j.record, d.model, d.measures"
        " FROM rejected f JOIN journal j ON j.id = f.entry LEFT JOIN device d ON d.id = f.device_id"
        " WHERE f.entry > ? AND (? IS NULL OR f.entry <= ?) ORDER BY f.entry DESC LIMIT ?",
        (after, until, until, limit),
    )
    return [_refusal(store, row) for row in rows]


def urgent(store: Store, entries: list[int]) -> frozenset[int]:
    """Return which of the given readings a rule found urgent."""
    marks = ",".join("?" * len(entries))
    rows = store.rows(
        f"SELECT reading FROM alert WHERE reading IN ({marks}) UNION"
        " SELECT r.reading FROM assessment_reading r JOIN assessment a ON a.entry = r.assessment"
        f" WHERE r.danger = 1 AND a.stands = 1 AND r.reading IN ({marks})",
        (*entries, *entries),
    )
    return frozenset(row["reading"] for row in rows)


def silences(store: Store, readings: list[StoredReading], now: Stamp) -> dict[int, Silence]:
    """Return why readings that may be dangerous are judged by no rule, by entry.

    Of unusual values only recent ones: a release before rules kept their results judged others.
    """
    since_ms = now.wall_ms - alerts.RECENT_MS
    alarmed = urgent(store, [r.entry for r in readings])
    held = [r for r in readings if r.patient_id is not None and not r.struck]
    rest = [r for r in held if r.entry not in alarmed]
    doubted = {r.entry: silence.of_doubts(r.doubts) for r in rest}
    unusual = {r.entry: _is_unusual(r) and r.placed.utc_ms >= since_ms for r in rest}
    found = silence.of_readings(store, unusual, [r.entry for r in rest])
    return found | {entry: why for entry, why in doubted.items() if why is not None}


def _is_unusual(reading: StoredReading) -> bool:
    """Whether a vital sign is unusual that rules read; no weight or height alone is dangerous."""
    return bool(reading.warnings) and bool(
        measured_facts.names_of(reading.values) - {"weight_kg", "height_cm"}
    )


def tray_count(store: Store) -> int:
    """Return how many readings wait in the tray."""
    return store.scalar("SELECT count(*) FROM reading WHERE tray = 'waiting'")


def _quoted(code: str) -> str:
    """Return a code as it stands in a record; the readings found are looked at for it again."""
    return f'"{code}"'


def _recorded(store: Store, rows: list[Row]) -> list[StoredReading]:
    confirmed = confirmed_entries(store, [r["entry"] for r in rows])
    return [_one(store, row, row["entry"] in confirmed) for row in rows]


def _one(store: Store, row: Row, confirmed: bool) -> StoredReading:
    entry = Entry.parse(row["record"].encode("utf-8"))
    time = entry.body.get("time")
    perhaps = row["perhaps"] if row["told_apart"] is None else None
    return StoredReading(
        entry=row["entry"],
        kind=row["kind"],
        values=values_of(entry.body),
        coded=coded_of(entry.body),
        source=row["source"],
        model=row["device_model"],
        device_id=row["device_id"],
        patient_id=row["patient_id"],
        visit_id=row["visit_id"],
        placed=_placed(store, entry),
        device_time=datetime.fromisoformat(time) if isinstance(time, str) else None,
        quality=_flags(entry),
        warnings=tuple(row["warnings"].split()),
        tray=row["tray"],
        actor=entry.actor,
        confirmed=confirmed,
        needs_confirmation=bool({UNCHECKED, IMPROBABLE} & set(_flags(entry)))
        and row["compared"] is None,
        perhaps=perhaps,
        perhaps_of=None if perhaps is None else earlier.placed(store, perhaps),
        record=str(entry.body.get("record", "")),
        found=_texts(entry, "found"),
        kit=kit_of(entry.body),
    )


def _placed(store: Store, entry: Entry) -> PlacedStamp:
    day = day_of(entry.body)
    return place(entry.at, store.anchors(entry.at.boot)) if day is None else place_day(day)


def _flags(entry: Entry) -> tuple[str, ...]:
    return _texts(entry, "quality")


def _texts(entry: Entry, key: str) -> tuple[str, ...]:
    found = entry.body.get(key)
    return tuple(found) if isinstance(found, list) else ()


def _refusal(store: Store, row: Row) -> Refusal:
    entry = Entry.parse(row["record"].encode("utf-8"))
    return Refusal(
        entry=row["entry"],
        why=str(entry.body.get("why", "")),
        text=str(entry.body.get("text", "")),
        model=row["model"],
        measures=tuple((row["measures"] or "").split()),
        placed=place(entry.at, store.anchors(entry.at.boot)),
    )
