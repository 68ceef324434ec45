"""The master patient index: merges the edits of clinics and desk into one state of each patient.

The rules are pure (`sync.patient_merge`); here edits are numbered as they arrive, kept for ever and
merged, and the result is put into the feed of each clinic that knows the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from uuid_utils import uuid7

from edge.model import patient_fields
from edge.model.clock import Anchor, ClockQuality, Stamp, place
from edge.model.feed_item import Entity, Item
from edge.model.patient import PatientFields
from edge.model.patient_fields import COLUMNS, PATIENT_FIELDS, Tier
from edge.patients import search_query
from hospital.archive import Archive, Row, row, scalar
from hospital.archive.errors import HospitalError, RowRefused
from hospital.entries import facts
from hospital.feed import feed
from hospital.fleet.boxes import Box
from hospital.patients import edit_history, reviews, to_settle
from sync import patient_merge
from sync.patient_merge import Edit, MergedField, Op, Review

DESK = "desk"
"""The author of every edit made at the hospital; the desk always knows the newest revision."""

_GENERATION = 32
"""A revision begins anew above this bit after a restore: no box can have known it before."""


@dataclass(frozen=True, slots=True)
class EditOrigin:
    """Where an edit comes from: which record, which box, and when by our clock."""

    record: str
    box: Box
    received_ms: int


@dataclass(slots=True)
class AppliedEdits:
    """What became of edits: the patients who are `new` here, and why records are `refused`."""

    new: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def apply_edits(
    archive: Archive, edits: Iterable[tuple[EditOrigin, facts.PatientFact]]
) -> AppliedEdits:
    """Apply a box's edits of patients; inside the caller's transaction.

    A patient is merged once, however many edits of them there are. Refused is what is about
    another clinic's patient, or about a new one whose name nobody knows.
    """
    of_patients: dict[str, list[tuple[EditOrigin, facts.PatientFact]]] = {}
    for origin, fact in edits:
        of_patients.setdefault(fact.id, []).append((origin, fact))
    applied = AppliedEdits()
    for patient_id, its_edits in of_patients.items():
        clinic = its_edits[0][0].box.clinic
        patient = _lock(archive, clinic, patient_id)
        why = _refusal(archive, patient, clinic, its_edits)
        if why:
            applied.refused |= {origin.record: why for origin, _ in its_edits}
            continue
        if patient is None:
            applied.new.append(patient_id)
        _apply(archive, patient, its_edits)
    return applied


def decide(
    archive: Archive, waiting: reviews.WaitingReview, value: str | None, account: str, now_ms: int
) -> None:
    """Settle a review as a clinician: the value that holds, or for a list whether the member stays
    (its name) or goes (None). Raises `HospitalError` when there is no such patient."""
    review = waiting.review
    change: tuple[str, Op, str | None] = (review.field, Op.SET, value)
    if patient_merge.rules()[review.field].tier is Tier.UNION:
        change = (review.field, Op.REMOVE if value is None else Op.ADD, review.values[0])
    _edit_here(archive, waiting.patient, [change], account, now_ms, waiting.rev)


def correct(
    archive: Archive, patient_id: str, changes: dict[str, str | None], account: str, now_ms: int
) -> None:
    """Change single fields at the desk; raises `HospitalError` when there is no such patient."""
    operations = [(field, Op.SET, value) for field, value in sorted(changes.items())]
    edit(archive, patient_id, operations, account, now_ms)


def edit(
    archive: Archive,
    patient_id: str,
    changes: Sequence[tuple[str, Op, str | None]],
    account: str,
    now_ms: int,
) -> None:
    """Edit a patient as a clinician: (field, what is done, value) of each change.

    Raises `HospitalError` when there is no such patient.
    """
    _edit_here(archive, patient_id, changes, account, now_ms)


def link(
    archive: Archive, duplicate: str, kept: str, account: str, now_ms: int, why: str = ""
) -> None:
    """Link two records of one person: it can be undone; nothing is moved.

    Raises `HospitalError`. A record for which others stand is not linked away: first theirs go.
    """
    if duplicate == kept:
        raise HospitalError("a record cannot be replaced by itself")
    with archive.transaction():
        for patient_id in sorted((duplicate, kept)):  # one order of locks for everybody
            _lock_known(archive, patient_id)
        if replacing(archive, duplicate) is not None or replacing(archive, kept) is not None:
            raise HospitalError("one of these records is replaced already")
        if duplicates(archive, duplicate):
            raise HospitalError("other records are linked to this one; unlink them first")
        archive.execute(
            "INSERT INTO patient_link (duplicate, kept, account, at_ms, why)"
            " VALUES (?, ?, ?, ?, ?)",
            (duplicate, kept, account, now_ms, why),
        )
        _settle_again(archive, _lock_known(archive, duplicate), now_ms)


def unlink(archive: Archive, duplicate: str, account: str, now_ms: int, why: str = "") -> None:
    """Undo a link; raises `HospitalError` when there is none."""
    with archive.transaction():
        patient = _lock_known(archive, duplicate)
        stood_for = [replacing(archive, duplicate)]
        undone = archive.execute(
            "UPDATE patient_link SET undone_by = ?, undone_ms = ?, undone_why = ?"
            " WHERE duplicate = ? AND undone_ms IS NULL",
            (account, now_ms, why, duplicate),
        )
        if not undone:
            raise HospitalError(f"{duplicate} is not replaced")
        to_settle.note(archive, stood_for)
        _settle_again(archive, patient, now_ms)


def replacing(archive: Archive, patient_id: str) -> str | None:
    """Return the record that stands for this one, None when it stands for itself."""
    sql = "SELECT kept FROM patient_link WHERE duplicate = ? AND undone_ms IS NULL"
    found = row(archive, sql, (patient_id,))
    return None if found is None else str(found["kept"])


def duplicates(archive: Archive, patient_id: str) -> list[str]:
    """Return the records for which this one stands."""
    sql = "SELECT duplicate FROM patient_link WHERE kept = ? AND undone_ms IS NULL ORDER BY number"
    return [r["duplicate"] for r in archive.rows(sql, (patient_id,))]


def share(archive: Archive, patient_id: str, clinic: str, now_ms: int) -> bool:
    """Let another clinic know a patient and edit them, as when somebody moves or is referred.

    Returns whether that is new to it; inside a transaction or as one.
    """
    with archive.transaction():
        patient = _lock_known(archive, patient_id)
        new = archive.execute(
            "INSERT INTO catchment (patient, clinic) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (patient_id, clinic),
        )
        _settle_again(archive, patient, now_ms)
    return bool(new)


def withdraw(archive: Archive, patient_id: str, clinic: str) -> bool:
    """End what `share` began: the patient is removed from the clinic's feed."""
    with archive.transaction():
        feed.lock(archive, clinic)
        sql = "DELETE FROM catchment WHERE patient = ? AND clinic = ?"
        if not archive.execute(sql, (patient_id, clinic)):
            return False
        feed.remove(archive, clinic, Entity.PATIENT, patient_id)
    return True


def corrected(archive: Archive, origin: EditOrigin, at: Stamp | None) -> int:
    """Return when it happened, by the best that is known of the box's clock so far."""
    if at is None:
        return origin.received_ms
    rows = archive.rows("SELECT * FROM anchor WHERE box = ? AND boot = ?", (origin.box.id, at.boot))
    anchors = [
        Anchor(r["boot"], r["t_ms"], r["utc_ms"], r["error_ms"], ClockQuality(r["source"]))
        for r in rows
    ]
    return place(at, anchors).utc_ms


def clinics(archive: Archive, patient_id: str) -> list[str]:
    """Return the clinics that know a patient, by name: its own and those it is shared with."""
    rows = archive.rows(
        "SELECT clinic FROM patient WHERE id = ? UNION SELECT clinic FROM catchment"
        " WHERE patient = ?",
        (patient_id, patient_id),
    )
    return sorted(r["clinic"] for r in rows)


# --- arriving ---------------------------------------------------------------------------------


def _refusal(
    archive: Archive,
    patient: Row | None,
    clinic: str,
    edits: Sequence[tuple[EditOrigin, facts.PatientFact]],
) -> str:
    if patient is None:
        named = any(fact.fields.get("name") for _, fact in edits)
        return "" if named else "a patient without a name"
    may = _may_edit(archive, patient, clinic)
    return "" if may else f"patient {patient['id']} belongs to another clinic"


def _apply(
    archive: Archive,
    patient: Row | None,
    edits: Sequence[tuple[EditOrigin, facts.PatientFact]],
) -> None:
    if patient is not None:
        _adopt(archive, patient)
    first = _next_rev(archive, patient)
    for rev, (origin, fact) in enumerate(edits, start=first):
        new = _edits(archive, origin, fact, rev)
        edit_history.write(archive, fact.id, new, fact.actor, origin.received_ms)
    origin, fact = edits[-1]
    home = origin.box.clinic if patient is None else patient["clinic"]
    rev = first + len(edits) - 1
    _settle(archive, fact.id, (home, origin.box.id), rev, origin.received_ms)


def _lock(archive: Archive, clinic: str, patient_id: str) -> Row | None:
    """Lock the feeds that the patient is in, by name, and then the patient."""
    for name in sorted({clinic, *clinics(archive, patient_id)}):
        feed.lock(archive, name)
    return row(archive, "SELECT * FROM patient WHERE id = ?" + archive.for_update, (patient_id,))


def _lock_known(archive: Archive, patient_id: str) -> Row:
    patient = _lock(archive, _home(archive, patient_id), patient_id)
    if patient is None:
        raise HospitalError(f"no patient {patient_id}")
    _adopt(archive, patient)
    return patient


def _home(archive: Archive, patient_id: str) -> str:
    found = row(archive, "SELECT clinic FROM patient WHERE id = ?", (patient_id,))
    if found is None:
        raise HospitalError(f"no patient {patient_id}")
    return str(found["clinic"])


def _may_edit(archive: Archive, patient: Row, clinic: str) -> bool:
    return clinic == patient["clinic"] or clinic in clinics(archive, patient["id"])


def _next_rev(archive: Archive, patient: Row | None) -> int:
    generation = scalar(archive, "SELECT generation AS n FROM hospital")
    return max((patient["rev"] if patient else 0) + 1, (generation - 1) << _GENERATION)


def _edits(archive: Archive, origin: EditOrigin, fact: facts.PatientFact, rev: int) -> list[Edit]:
    at_ms = corrected(archive, origin, fact.at)
    changes = [(name, Op.SET, value) for name, value in fact.fields.items()]
    changes += [(name, Op.ADD, member) for name, member in fact.added]
    changes += [(name, Op.REMOVE, member) for name, member in fact.struck]
    return [
        Edit(origin.record, name, op, value, origin.box.id, fact.rev, fact.base_rev, rev, at_ms)
        for name, op, value in changes
    ]


def _edit_here(
    archive: Archive,
    patient_id: str,
    changes: Sequence[tuple[str, Op, str | None]],
    account: str,
    now_ms: int,
    seen: int | None = None,
) -> None:
    with archive.transaction():
        patient = _lock_known(archive, patient_id)
        rev = _next_rev(archive, patient)
        edit_id, base = str(uuid7()), patient["rev"] if seen is None else seen
        new = [
            Edit(edit_id, name, op, value, DESK, rev, base, rev, now_ms, clinician=True)
            for name, op, value in changes
        ]
        edit_history.write(archive, patient_id, new, account, now_ms)
        _settle(archive, patient_id, (patient["clinic"], patient["box"]), rev, now_ms)


def _adopt(archive: Archive, patient: Row) -> None:
    """Make a first edit for a patient from before edits were kept."""
    sql = "SELECT count(*) AS n FROM patient_edit WHERE patient = ?"
    if scalar(archive, sql, (patient["id"],)):
        return
    first = [
        Edit(
            "as held",
            name,
            Op.SET,
            value,
            patient["box"],
            0,
            0,
            patient["rev"],
            patient["changed_ms"],
        )
        for name, value in patient_fields.from_columns(patient).items()
        if value is not None
    ]
    edit_history.write(archive, patient["id"], first, None, patient["changed_ms"])


# --- merging ----------------------------------------------------------------------------------


def _settle_again(archive: Archive, patient: Row, now_ms: int) -> None:
    rev = _next_rev(archive, patient)
    _settle(archive, patient["id"], (patient["clinic"], patient["box"]), rev, now_ms)


def _settle(
    archive: Archive, patient_id: str, home: tuple[str, str], rev: int, now_ms: int
) -> None:
    by_field: dict[str, list[Edit]] = {}
    for entry in edit_history.history(archive, patient_id):
        by_field.setdefault(entry.edit.field, []).append(entry.edit)
    table = patient_merge.rules()
    settled = {
        name: patient_merge.settle(table[name], by_field[name])
        for name in table
        if name in by_field
    }
    known = {f.name: _text(settled.get(f.name)) or f.default for f in PATIENT_FIELDS}
    if known["birth"] is not None:
        known["age"] = None  # an estimate counts only while no birth is known
    if known["name"] is None:
        raise RowRefused("a patient without a name")
    _keep(archive, patient_id, home, rev, known, now_ms)
    to_settle.note(archive, (patient_id, replacing(archive, patient_id)))
    asked = [r for field in settled.values() for r in field.reviews]
    reviews.bring_up_to_date(archive, patient_id, home[0], asked, now_ms)
    body = _body(archive, patient_id, known, settled, asked)
    for clinic in clinics(archive, patient_id):
        feed.put(archive, clinic, Item(Entity.PATIENT, patient_id, rev, body))


def _keep(
    archive: Archive,
    patient_id: str,
    home: tuple[str, str],
    rev: int,
    known: dict[str, str | None],
    now_ms: int,
) -> None:
    sought = " ".join(known[f.name] or "" for f in PATIENT_FIELDS if f.searched).casefold()
    keys = search_query.keys_text(PatientFields(**patient_fields.arguments(known)))
    columns = ("rev", *COLUMNS, "sought", "keys", "changed_ms")
    archive.execute(
        f"INSERT INTO patient (id, clinic, box, {', '.join(columns)})"
        f" VALUES (?, ?, ?{', ?' * len(columns)}) ON CONFLICT (id) DO UPDATE SET"
        f" {', '.join(f'{column} = excluded.{column}' for column in columns)}",
        (patient_id, *home, rev, *patient_fields.to_columns(known), sought, keys, now_ms),
    )


def _body(
    archive: Archive,
    patient_id: str,
    known: dict[str, str | None],
    settled: dict[str, MergedField],
    asked: Sequence[Review],
) -> dict[str, object]:
    body: dict[str, object] = patient_fields.to_wire(
        {k: v for k, v in known.items() if v is not None}
    )
    for name, merged in settled.items():
        if name not in known and merged.value:
            value = merged.value
            body[name] = list(value) if isinstance(value, tuple) else value
    if asked:
        body["review"] = {
            name: sorted({v for r in asked if r.field == name for v in r.values})
            for name in {r.field for r in asked}
        }
    replaced_by = replacing(archive, patient_id)
    return body if replaced_by is None else body | {"replaced_by": replaced_by}


def _text(settled: MergedField | None) -> str | None:
    return settled.value if settled is not None and isinstance(settled.value, str) else None
