"""The visits of a person as the doctor reads them: complaints, findings, medicines, outcome."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.reading import Kind
from edge.visits import note_patch
from edge.visits.note_patch import State
from hospital.archive import Archive, Row
from hospital.views.chart import READINGS, ReadingRow, charted, marks


@dataclass(frozen=True, slots=True)
class ChartedMedicine:
    """A medicine of a visit; `dose` and `quantity` are texts of numbers."""

    medicine: str
    state: str
    dose: str | None
    unit: str | None
    quantity: str | None
    batch: str | None
    overruled: str | None
    taken_back: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class ChartedVisit:
    """A visit with all that was written down in it. `paper`: typed in later from paper.

    `moved` says that it was written down for another patient first.
    """

    id: str
    clinic: str
    day: str
    paper: bool
    mode: str
    reason: str | None
    place: int | None
    who: str | None
    received_ms: int
    state: State
    medicines: tuple[ChartedMedicine, ...]
    tests: tuple[ReadingRow, ...]
    moved: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing beside readings is known of it."""
        said = self.state or self.medicines or self.tests or self.reason
        return not (said or self.paper or self.moved)


@dataclass(frozen=True, slots=True)
class MovedAway:
    """A visit that was written down for this person and is another's."""

    clinic: str
    day: str
    who: str | None
    received_ms: int


def of_person(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedVisit | MovedAway]:
    """Return the visits of a person under whichever records, newest day first.

    Visits of which nothing is known but their readings are left out: the readings stand below.
    """
    shown: list[ChartedVisit | MovedAway] = [*_charted(archive, patient_ids, withheld=0)]
    shown += _moved_away(archive, patient_ids)
    return sorted(shown, key=lambda one: one.day, reverse=True)


def withheld_of(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedVisit]:
    """Return the visits that clinics sent which do not know the person, newest day first."""
    return _charted(archive, patient_ids, withheld=1)


def _charted(archive: Archive, patient_ids: Sequence[str], *, withheld: int) -> list[ChartedVisit]:
    rows = archive.rows(
        "SELECT v.*, s.name AS who FROM visit v LEFT JOIN staff s ON s.clinic = v.clinic"
        f" AND s.id = v.actor WHERE v.patient IN ({marks(patient_ids)}) AND v.withheld = ?"
        " ORDER BY v.day DESC, v.number DESC",
        (*patient_ids, withheld),
    )
    notes, medicines = _notes(archive, patient_ids), _medicines(archive, patient_ids)
    tests = _tests(archive, patient_ids)
    moved = _moved_to(archive, patient_ids)
    found = [
        _visit(row, notes.get(_key(row), {}), (medicines[_key(row)], tests[_key(row)]), moved)
        for row in rows
    ]
    return [visit for visit in found if not visit.is_empty]


def _key(row: Row) -> tuple[str, str]:
    return row["clinic"], row["id"]


def _visit(
    row: Row,
    state: State,
    made: tuple[list[ChartedMedicine], list[ReadingRow]],
    moved: set[tuple[str, str]],
) -> ChartedVisit:
    medicines, tests = made
    return ChartedVisit(
        *(row["id"], row["clinic"], row["day"], bool(row["paper"]), row["mode"], row["reason"]),
        *(row["place"], row["who"], row["received_ms"], state, tuple(medicines), tuple(tests)),
        _key(row) in moved,
    )


def _notes(archive: Archive, patient_ids: Sequence[str]) -> dict[tuple[str, str], State]:
    rows = archive.rows(
        "SELECT n.clinic, n.visit AS id, n.said FROM visit_note n JOIN visit v"
        f" ON v.clinic = n.clinic AND v.id = n.visit WHERE v.patient IN ({marks(patient_ids)})"
        " ORDER BY n.number",
        tuple(patient_ids),
    )
    states: dict[tuple[str, str], State] = {}
    for row in rows:
        before = states.get(_key(row), {})
        states[_key(row)] = note_patch.applied(before, json.loads(row["said"]))
    return states


def _medicines(
    archive: Archive, patient_ids: Sequence[str]
) -> dict[tuple[str, str], list[ChartedMedicine]]:
    rows = archive.rows(
        "SELECT m.*, m.visit AS id, t.entry AS mistake, t.why FROM medicine m"
        " JOIN visit v ON v.clinic = m.clinic AND v.id = m.visit"
        " LEFT JOIN taken_back t ON t.entry = m.id AND t.clinic = m.clinic"
        f" WHERE v.patient IN ({marks(patient_ids)}) ORDER BY m.number",
        tuple(patient_ids),
    )
    found: dict[tuple[str, str], list[ChartedMedicine]] = defaultdict(list)
    for row in rows:
        found[row["clinic"], row["visit"]].append(
            ChartedMedicine(
                *(row["medicine"], row["state"], row["dose"], row["unit"], row["quantity"]),
                *(row["batch"], row["overruled"], row["mistake"] is not None, row["why"]),
            )
        )
    return found


def _tests(archive: Archive, patient_ids: Sequence[str]) -> dict[tuple[str, str], list[ReadingRow]]:
    """Return the tests read by eye that the person holds, by visit, oldest first."""
    rows = archive.rows(
        f"{READINGS} WHERE r.kind = ? AND r.patient IN ({marks(patient_ids)}) AND r.withheld = 0"
        " ORDER BY r.number",
        (Kind.TEST.value, *patient_ids),
    )
    found: dict[tuple[str, str], list[ReadingRow]] = defaultdict(list)
    for row, reading in zip(rows, charted(archive, rows), strict=True):
        found[row["clinic"], row["visit"] or ""].append(reading)
    return found


def _moved_to(archive: Archive, patient_ids: Sequence[str]) -> set[tuple[str, str]]:
    rows = archive.rows(
        f"SELECT clinic, becomes AS id FROM visit_move WHERE new_patient IN ({marks(patient_ids)})",
        tuple(patient_ids),
    )
    return {_key(row) for row in rows}


def _moved_away(archive: Archive, patient_ids: Sequence[str]) -> list[MovedAway]:
    rows = archive.rows(
        "SELECT m.clinic, m.day, m.received_ms, s.name AS who FROM visit_move m LEFT JOIN staff s"
        " ON s.clinic = m.clinic AND s.id = m.actor"
        f" WHERE m.patient IN ({marks(patient_ids)}) ORDER BY m.number DESC",
        tuple(patient_ids),
    )
    return [MovedAway(r["clinic"], r["day"], r["who"], r["received_ms"]) for r in rows]
