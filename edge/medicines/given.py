"""Medicines that were given or advised in a visit; each is an entry, taken back by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.store import journal
from edge.store.store import Row, Store
from edge.visits import visits

GIVEN, ADVISED, STOPPED = "given", "advised", "stopped"
STATES = (GIVEN, ADVISED, STOPPED)
LONGEST_BATCH, LONGEST_REASON = 40, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMedicine:
    """What is about to be recorded: a word of the site's list, dose in `unit`, pieces handed out.

    `overruled` is why a stop (`edge.medicines.stops`) was overruled.
    """

    medicine: str
    state: str = GIVEN
    dose: Decimal | None = None
    unit: str = ""
    quantity: Decimal | None = None
    batch: str = ""
    overruled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMedicine:
    """A medicine of a visit as it stands in the table."""

    entry: int
    id: str
    patient_id: str
    visit_id: str
    day: str
    given: GivenMedicine
    taken_back: bool


def record(
    store: Store, now: Stamp, visit_id: str, given: GivenMedicine, *, actor: str | None
) -> RecordedMedicine:
    """Keep a medicine of a visit; raises `NotFound`, `InvalidForm`."""
    _check(given)
    with store.transaction():
        visit = visits.get(store, visit_id)
        body: dict[str, object] = {
            "id": str(uuid7()),
            "patient": visit.patient_id,
            "visit": visit.id,
            "day": visit.day.isoformat(),
            "medicine": given.medicine,
            "state": given.state,
        } | _written(given)
        entry = journal.append(store, EntryKind.MEDICINE, now, body, actor=actor)
        store.execute(
            "INSERT INTO medicine (entry, id, patient_id, visit_id, day, medicine, state, dose,"
            " unit, quantity, batch, overruled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, body["id"], visit.patient_id, visit.id, body["day"], given.medicine)
            + (given.state, body.get("dose"), body.get("unit"), body.get("quantity"))
            + (body.get("batch"), body.get("overruled")),
        )
        visits.touch(store, now, visit)
        row = store.row("SELECT * FROM medicine WHERE entry = ?", (entry,))
    assert row is not None
    return _recorded(row)


def of_visit(store: Store, visit_id: str) -> list[RecordedMedicine]:
    """Return the medicines of a visit in the order they were recorded, taken back ones too."""
    rows = store.rows("SELECT * FROM medicine WHERE visit_id = ? ORDER BY entry", (visit_id,))
    return [_recorded(row) for row in rows]


def of_patient(store: Store, patient_ids: Sequence[str]) -> list[RecordedMedicine]:
    """Return all medicines of the records of one person, newest day first."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        f"SELECT * FROM medicine WHERE patient_id IN ({marks}) ORDER BY day DESC, entry DESC",
        tuple(patient_ids),
    )
    return [_recorded(row) for row in rows]


def _check(given: GivenMedicine) -> None:
    if given.state not in STATES:
        raise InvalidForm({"state": "unknown"})
    for name, number in (("dose", given.dose), ("quantity", given.quantity)):
        if number is not None and (not number.is_finite() or number <= 0):
            raise InvalidForm({name: "impossible"})
    for name, text, longest in (
        ("batch", given.batch, LONGEST_BATCH),
        ("overruled", given.overruled, LONGEST_REASON),
    ):
        if len(text) > longest:
            raise InvalidForm({name: "too-long"})
        if not text.isprintable():
            raise InvalidForm({name: "format"})


def _written(given: GivenMedicine) -> dict[str, object]:
    texts = {
        "dose": None if given.dose is None else format(given.dose, "f"),
        "unit": given.unit if given.dose is not None else None,
        "quantity": None if given.quantity is None else format(given.quantity, "f"),
        "batch": given.batch.strip(),
        "overruled": given.overruled.strip(),
    }
    return {key: text for key, text in texts.items() if text}


def _recorded(row: Row) -> RecordedMedicine:
    return RecordedMedicine(
        entry=row["entry"],
        id=row["id"],
        patient_id=row["patient_id"],
        visit_id=row["visit_id"],
        day=row["day"],
        given=GivenMedicine(
            medicine=row["medicine"],
            state=row["state"],
            dose=None if row["dose"] is None else Decimal(row["dose"]),
            unit=row["unit"] or "",
            quantity=None if row["quantity"] is None else Decimal(row["quantity"]),
            batch=row["batch"] or "",
            overruled=row["overruled"] or "",
        ),
        taken_back=row["taken_back"] is not None,
    )
