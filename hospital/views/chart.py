"""Queries of the desk: state of the clinics, patients, readings and alerts, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from edge.model import patient_fields
from edge.model.bounds import MAX_COUNT
from edge.model.clock import Anchor, ClockQuality, PlacedStamp, Stamp, place, place_day
from edge.model.patient import Patient
from edge.model.reading import IMPROBABLE, NO_DOUBT, PERHAPS_SAME, UNCHECKED, CodedValue, Value
from edge.patients import search_query
from hospital.archive import Archive, Row, row, scalar
from hospital.views import search_terms
from sync.core.messages import STALE_SESSION

PAGE = 50
LOOKED_AT = 400
"""So many people that a search may mean are ordered by how well they fit."""

READINGS = (
    "SELECT r.*, p.name AS patient_name, c.reading AS compared, t.reading AS told_apart"
    " FROM reading r"
    " LEFT JOIN patient p ON p.id = r.patient"
    " LEFT JOIN compared c ON c.reading = r.id AND c.clinic = r.clinic"
    " LEFT JOIN told_apart t ON t.reading = r.id AND t.clinic = r.clinic"
)


_LATELY = (
    "p.id IN (SELECT patient FROM (SELECT patient FROM reading WHERE patient IS NOT NULL"
    " AND withheld = 0 ORDER BY number DESC LIMIT 1000) AS measured"
    f" UNION SELECT id FROM (SELECT id FROM patient ORDER BY changed_ms DESC LIMIT {PAGE})"
    " AS changed)"
)
"""Whom the last readings and changes are about: counting for all patients takes seconds."""


@dataclass(frozen=True, slots=True)
class ClinicLine:
    """One box's custody: its last contact, what we confirmed, what it reported as still waiting.

    `waiting` is as of `heard_ms`: a box that is offline may hold more than we can know. `unread`
    records are kept as sealed bytes; `missing` and `why` are those of `boxes.Box`. `status` is what
    the box said of itself at `status_ms` by our clock.
    """

    box: str
    clinic: str
    standing: str
    heard_ms: int | None
    confirmed: int
    waiting: int
    safe: int
    refused: int
    forks: int
    unread: int
    missing: int
    why: str
    status: Mapping[str, Any]
    status_ms: int | None

    @property
    def wrong(self) -> str:
        """What the box reports as wrong there, in words."""
        kinds = [str(kind) for kind in self.status.get("wrong", ())]
        return "; ".join(kind.replace("-", " ") for kind in kinds)

    @property
    def oldest_ms(self) -> int | None:
        """Since when something waits at the box, by its own clock, as it last reported."""
        oldest = self.status.get("oldest_ms") or 0
        return int(oldest) or None


@dataclass(frozen=True, slots=True)
class PatientLine:
    """A patient of any clinic, and when something last came about them."""

    patient: Patient
    clinic: str
    readings: int
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading: three times kept apart (device, box placed on the calendar, hospital)."""

    number: int
    id: str
    clinic: str
    box: str
    patient_id: str | None
    patient_name: str | None
    kind: str
    values: tuple[Value, ...]
    coded: tuple[CodedValue, ...]
    sample: str
    source: str
    model: str | None
    device_id: str | None
    device_time: str | None
    flags: tuple[str, ...]
    actor: str | None
    placed: PlacedStamp
    received_ms: int
    discarded: bool
    withheld: bool
    kit: str = ""

    def value(self, code: str) -> Value | None:
        """Return the value of a LOINC code, or None."""
        return next((v for v in self.values if v.code == code), None)


@dataclass(frozen=True, slots=True)
class ChartedAlert:
    """A rule's finding at a box; `value` is what it found, `reading` the content id it is about.

    `withheld`: its clinic does not know the patient (`hospital.patients.withheld`).
    `taken_back`: somebody at the clinic said since that the reading is wrong or another person's.
    `handled`: a clinician said that it is dealt with (`hospital.patients.alert_notes`).
    """

    number: int
    id: str
    clinic: str
    box: str
    patient_id: str | None
    patient_name: str | None
    reading: str | None
    rule: str
    level: str
    parameter: str
    value: Value
    placed: PlacedStamp
    received_ms: int
    taken_back: bool
    handled: bool
    withheld: bool


def position(archive: Archive) -> str:
    """Return a short text that changes whenever something to show has come: an ETag.

    Every arrival of records counts by itself (`boxes.count_arrival`); what the desk does, and a
    file that has become whole, are looked up here.
    """
    sums = row(
        archive,
        "SELECT (SELECT sum(arrivals) FROM box) AS arrivals,"
        " (SELECT max(heard_ms) FROM box) AS heard, (SELECT count(*) FROM box) AS boxes,"
        " (SELECT max(changed_ms) FROM patient) AS changed,"
        " (SELECT max(number) FROM told) AS told,"
        " (SELECT count(*) FROM alert_step) AS steps,"
        " (SELECT max(number) FROM patient_link) AS links,"
        " (SELECT max(undone_ms) FROM patient_link) AS unlinked,"
        " (SELECT max(number) FROM withheld_release) AS released,"
        " (SELECT max(done_ms) FROM file) AS whole",
    )
    return "-".join(str(v or 0) for v in (sums or {}).values())


def clinics(archive: Archive) -> list[ClinicLine]:
    """Return a line for every box, by clinic."""
    rows = archive.rows(
        "SELECT b.id AS box, b.clinic, b.standing, b.heard_ms, b.forks,"
        " coalesce(s.confirmed, 0) AS confirmed, coalesce(s.waiting, 0) AS waiting,"
        " coalesce(s.safe, 0) AS safe, coalesce(f.refused, 0) AS refused, b.missing, b.why,"
        " b.status, b.status_ms,"
        " (SELECT count(*) FROM raw_frame u WHERE u.box = b.id AND u.unread = 1) AS unread"
        " FROM box b"
        " LEFT JOIN (SELECT box, epoch, sum(cum) AS confirmed, sum(safe) AS safe,"
        f" sum(CASE WHEN told > {MAX_COUNT} THEN 0 WHEN told > cum THEN told - cum ELSE 0 END)"
        " AS waiting FROM stream"
        " GROUP BY box, epoch) s ON s.box = b.id AND s.epoch = b.epoch"
        " LEFT JOIN (SELECT box, sum(times) AS refused FROM refusal WHERE reason <> ?"
        " GROUP BY box) f ON f.box = b.id ORDER BY b.clinic, b.id",
        (STALE_SESSION,),
    )
    counted = ("confirmed", "waiting", "safe", "refused", "forks", "unread", "missing")
    return [
        ClinicLine(
            **(
                dict(r)
                | {k: int(r[k]) for k in counted}
                | {"status": json.loads(r["status"] or "{}")}
            )
        )
        for r in rows
    ]


def patients(
    archive: Archive, text: str = "", limit: int = PAGE, skip: int = 0
) -> list[PatientLine]:
    """Return whom `text` may mean, who fits most first, after `skip`: read as the kiosk reads it.

    Without text: those about whom something came last.
    """
    query = search_query.read(text)
    where, values = (_LATELY, ()) if not query.text else search_terms.where(query)
    looked_at = skip + limit if not query.text else max(skip + limit, LOOKED_AT)
    rows = archive.rows(
        "SELECT p.*, count(r.number) AS readings, max(r.received_ms) AS last_ms FROM patient p"
        f" LEFT JOIN reading r ON r.patient = p.id AND r.withheld = 0 WHERE {where} GROUP BY p.id"
        " ORDER BY coalesce(max(r.received_ms), p.changed_ms) DESC, p.name, p.id LIMIT ?",
        (*values, looked_at),
    )
    lines = [_patient_line(r) for r in rows]
    if query.is_number and (exact := [x for x in lines if search_terms.is_exact(query, x.patient)]):
        return exact[skip : skip + limit]
    lines.sort(key=lambda line: -search_terms.fit(query, line.patient))
    return lines[skip : skip + limit]


def patient(archive: Archive, patient_id: str) -> PatientLine | None:
    """Return one patient, or None."""
    found = row(
        archive,
        "SELECT p.*, count(r.number) AS readings, max(r.received_ms) AS last_ms FROM patient p"
        " LEFT JOIN reading r ON r.patient = p.id AND r.withheld = 0"
        " WHERE p.id = ? GROUP BY p.id",
        (patient_id,),
    )
    return None if found is None else _patient_line(found)


def latest(archive: Archive, limit: int = PAGE, after: int = 0, skip: int = 0) -> list[ReadingRow]:
    """Return the readings that came last (numbered above `after`), newest first, after `skip`."""
    sql = f"{READINGS} WHERE r.number > ? ORDER BY r.number DESC LIMIT ? OFFSET ?"
    return charted(archive, archive.rows(sql, (after, limit, skip)))


def of_patient(
    archive: Archive, patient_id: str, limit: int = 200, *, withheld: bool = False
) -> list[ReadingRow]:
    """Return a patient's readings in the order they were measured, newest first.

    `withheld`: those instead that clinics sent which do not know the patient.
    """
    apart = int(withheld)
    sql = f"{READINGS} WHERE r.patient = ? AND r.withheld = {apart} ORDER BY r.number DESC LIMIT ?"
    readings = charted(archive, archive.rows(sql, (patient_id, limit)))
    return sorted(readings, key=lambda c: (c.placed.utc_ms, c.number), reverse=True)


def unassigned(archive: Archive, limit: int = PAGE, skip: int = 0) -> list[ReadingRow]:
    """Return readings that nobody has claimed for a patient yet, newest first, after `skip`."""
    sql = f"{READINGS} WHERE r.patient IS NULL AND r.discarded = 0"
    part = " ORDER BY r.number DESC LIMIT ? OFFSET ?"
    return charted(archive, archive.rows(sql + part, (limit, skip)))


def alerts(
    archive: Archive,
    limit: int = PAGE,
    patient_id: str | None = None,
    *,
    withheld: bool = False,
    skip: int = 0,
) -> list[ChartedAlert]:
    """Return alerts of all clinics or of one patient: the unhandled first, then the newest.

    `withheld`: of one patient, those of clinics that do not know the patient. The list of all
    clinics has both: a danger may be true.
    """
    if patient_id is None:
        return _alerts(archive, "1 = 1", (limit, skip))
    where = f"a.patient = ? AND a.withheld = {int(withheld)}"
    return _alerts(archive, where, (patient_id, limit, skip))


def alert(archive: Archive, alert_id: str) -> ChartedAlert | None:
    """Return one alert, None when there is none."""
    return next(iter(_alerts(archive, "a.id = ?", (alert_id, 1, 0))), None)


def _alerts(archive: Archive, where: str, values: tuple[object, ...]) -> list[ChartedAlert]:
    rows = archive.rows(
        "SELECT a.*, p.name AS patient_name, coalesce(r.day, v.day) AS paper_day,"
        " ((r.id IS NOT NULL AND (r.discarded = 1"
        " OR coalesce(r.patient, '') <> coalesce(a.patient, ''))) OR EXISTS (SELECT 1"
        " FROM visit_move m WHERE m.clinic = a.clinic AND m.visit = a.visit"
        " AND m.patient = a.patient)) AS taken_back"
        " FROM alert a LEFT JOIN patient p ON p.id = a.patient"
        " LEFT JOIN visit v ON v.clinic = a.clinic AND v.id = a.visit AND v.paper = 1"
        f" LEFT JOIN reading r ON r.id = a.reading WHERE {where}"
        " ORDER BY a.handled, a.number DESC LIMIT ? OFFSET ?",
        values,
    )
    anchors = anchors_of(archive, rows)
    return [
        ChartedAlert(
            number=r["number"],
            id=r["id"],
            clinic=r["clinic"],
            box=r["box"],
            patient_id=r["patient"],
            patient_name=r["patient_name"],
            reading=r["reading"],
            rule=r["rule"],
            level=r["level"],
            parameter=r["parameter"],
            value=_value(r),
            placed=placed_stamp(r, anchors)
            if r["paper_day"] is None
            else _on_paper(r["paper_day"]),
            received_ms=r["received_ms"],
            taken_back=bool(r["taken_back"]),
            handled=bool(r["handled"]),
            withheld=bool(r["withheld"]),
        )
        for r in rows
    ]


def without_alert(archive: Archive, limit: int) -> list[ReadingRow]:
    """Return the last readings of patients about which no rule raised an alert, newest first."""
    sql = (
        f"{READINGS} WHERE r.patient IS NOT NULL AND r.discarded = 0 AND p.id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.reading = r.id)"
        " ORDER BY r.number DESC LIMIT ?"
    )
    return charted(archive, archive.rows(sql, (limit,)))


def count_readings(archive: Archive) -> int:
    """Return how many readings the archive holds."""
    return scalar(archive, "SELECT count(*) AS n FROM reading")


def charted(archive: Archive, rows: Sequence[Row]) -> list[ReadingRow]:
    """Return the readings of rows that `READINGS` gave."""
    anchors = anchors_of(archive, rows)
    return [
        ReadingRow(
            number=r["number"],
            id=r["id"],
            clinic=r["clinic"],
            box=r["box"],
            patient_id=r["patient"],
            patient_name=r["patient_name"],
            kind=r["kind"],
            values=_values(r["said"]),
            coded=tuple(CodedValue(*row) for row in json.loads(r["coded"])),
            sample=r["sample"],
            source=r["source"],
            model=r["model"],
            device_id=r["device"],
            device_time=r["device_time"],
            flags=_flags(r),
            actor=r["actor"],
            placed=placed_stamp(r, anchors) if r["day"] is None else _on_paper(r["day"]),
            received_ms=r["received_ms"],
            kit=r["kit"],
            discarded=bool(r["discarded"]),
            withheld=bool(r["withheld"]),
        )
        for r in rows
    ]


def _on_paper(day: str) -> PlacedStamp:
    return place_day(date.fromisoformat(day))


def _values(text: str) -> tuple[Value, ...]:
    rows = json.loads(text)
    return tuple(Value(code, Decimal(value), unit, more) for code, value, unit, more in rows)


def anchors_of(archive: Archive, rows: Iterable[Row]) -> dict[str, list[Anchor]]:
    """Return what places the stamps of these rows on the calendar, by box."""
    found: dict[str, list[Anchor]] = {}
    ids = sorted({r["box"] for r in rows})
    if not ids:
        return found
    for r in archive.rows(f"SELECT * FROM anchor WHERE box IN ({marks(ids)})", ids):
        anchor = Anchor(r["boot"], r["t_ms"], r["utc_ms"], r["error_ms"], ClockQuality(r["source"]))
        found.setdefault(r["box"], []).append(anchor)
    return found


def _flags(r: Row) -> tuple[str, ...]:
    """Return what is doubtful; what a worker compared or told apart is no doubt any more."""
    compared, apart = r["compared"], r["told_apart"]
    settled = {UNCHECKED: compared, IMPROBABLE: compared, PERHAPS_SAME: apart}
    flags = (flag for flag in r["flags"].split() if flag not in NO_DOUBT)
    return tuple(flag for flag in flags if not settled.get(flag))


def placed_stamp(r: Row, anchors: dict[str, list[Anchor]]) -> PlacedStamp:
    """Return a row's stamp placed on the calendar."""
    stamp = Stamp(r["boot"], r["t_ms"], r["wall_ms"], ClockQuality(r["quality"]))
    return place(stamp, anchors.get(r["box"], ()))


def _value(r: Row) -> Value:
    return Value(r["code"], Decimal(r["value"]), r["unit"], r["comparator"])


def _patient_line(r: Row) -> PatientLine:
    values = patient_fields.arguments(patient_fields.from_columns(r))
    known = Patient(**values, id=r["id"], rev=r["rev"])
    return PatientLine(known, r["clinic"], r["readings"], r["last_ms"])


def marks(values: Sequence[object]) -> str:
    """Return as many marks as there are values, for a query with IN."""
    return ", ".join("?" * len(values))
