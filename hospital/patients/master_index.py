"""Patients as their clinics and the desk have told them: every edit kept, the table decides.

The rules are pure (`sync.merge`); here edits are numbered as they arrive, kept for ever, settled,
and what came of it is put into the feed of each clinic of the catchment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from uuid_utils import uuid7

from edge.model import patient_fields
from edge.model.clock import Anchor, ClockQuality, Stamp, place
from edge.model.feed_item import Entity, Item
from edge.model.patient_fields import COLUMNS, PATIENT_FIELDS, Tier
from hospital.archive import Archive, Row, row, scalar
from hospital.archive.errors import HospitalError, RowRefused
from hospital.entries import facts
from hospital.feed import feed
from hospital.fleet.boxes import Box
from hospital.patients import edits, reviews
from sync import merge
from sync.merge import Edit, Op, Review, Settled

DESK = "desk"
"""The author of every edit made at the hospital; the desk always knows the newest revision."""

_GENERATION = 32
"""A revision begins anew above this bit after a restore: no box can have known it before."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How an edit came: which record, from which box, when by our clock."""

    record: str
    box: Box
    received_ms: int


def take(archive: Archive, heard: Heard, fact: facts.PatientFact) -> None:
    """Take in what a box says of a patient; inside the caller's transaction.

    Raises `RowRefused` when the patient is another clinic's or nobody knows the name.
    """
    held = _lock(archive, heard.box.clinic, fact.id)
    if held is not None and not _may_edit(archive, held, heard.box.clinic):
        raise RowRefused(f"patient {fact.id} belongs to another clinic")
    if held is not None:
        _adopt(archive, held)
    rev = _next_rev(archive, held)
    edits.write(archive, fact.id, _edits(archive, heard, fact, rev), fact.actor, heard.received_ms)
    home = heard.box.clinic if held is None else held["clinic"]
    _settle(archive, fact.id, (home, heard.box.id), rev, heard.received_ms)


def decide(
    archive: Archive, waiting: reviews.Waiting, value: str | None, account: str, now_ms: int
) -> None:
    """Settle a review as a clinician: the value that holds, or for a list whether the member stays
    (its name) or goes (None). Raises `HospitalError` when there is no such patient."""
    review = waiting.review
    said: tuple[str, Op, str | None] = (review.field, Op.SET, value)
    if merge.rules()[review.field].tier is Tier.UNION:
        said = (review.field, Op.REMOVE if value is None else Op.ADD, review.values[0])
    _edit_here(archive, waiting.patient, [said], account, now_ms, waiting.rev)


def correct(
    archive: Archive, patient_id: str, changes: dict[str, str | None], account: str, now_ms: int
) -> None:
    """Change single fields at the desk; raises `HospitalError` when there is no such patient."""
    said = [(field, Op.SET, value) for field, value in sorted(changes.items())]
    say(archive, patient_id, said, account, now_ms)


def say(
    archive: Archive,
    patient_id: str,
    said: Sequence[tuple[str, Op, str | None]],
    account: str,
    now_ms: int,
) -> None:
    """Say something of a patient as a clinician: (field, what is done, value) of each.

    Raises `HospitalError` when there is no such patient.
    """
    _edit_here(archive, patient_id, said, account, now_ms)


def link(
    archive: Archive, duplicate: str, kept: str, account: str, now_ms: int, why: str = ""
) -> None:
    """Say that two records are one person: a link that can be undone; nothing is moved.

    Raises `HospitalError`. A record for which others stand is not linked away: first theirs go.
    """
    if duplicate == kept:
        raise HospitalError("a record cannot be replaced by itself")
    with archive.transaction():
        for one in sorted((duplicate, kept)):  # one order of locks for everybody
            _known(archive, one)
        if replacing(archive, duplicate) is not None or replacing(archive, kept) is not None:
            raise HospitalError("one of these records is replaced already")
        if duplicates(archive, duplicate):
            raise HospitalError("other records are linked to this one; unlink them first")
        archive.execute(
            "INSERT INTO patient_link (duplicate, kept, account, at_ms, why)"
            " VALUES (?, ?, ?, ?, ?)",
            (duplicate, kept, account, now_ms, why),
        )
        _again(archive, _known(archive, duplicate), now_ms)


def unlink(archive: Archive, duplicate: str, account: str, now_ms: int, why: str = "") -> None:
    """Undo a link; raises `HospitalError` when there is none."""
    with archive.transaction():
        held = _known(archive, duplicate)
        undone = archive.execute(
            "UPDATE patient_link SET undone_by = ?, undone_ms = ?, undone_why = ?"
            " WHERE duplicate = ? AND undone_ms IS NULL",
            (account, now_ms, why, duplicate),
        )
        if not undone:
            raise HospitalError(f"{duplicate} is not replaced")
        _again(archive, held, now_ms)


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
        held = _known(archive, patient_id)
        new = archive.execute(
            "INSERT INTO catchment (patient, clinic) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (patient_id, clinic),
        )
        _again(archive, held, now_ms)
    return bool(new)


def withdraw(archive: Archive, patient_id: str, clinic: str) -> bool:
    """End what `share` began: the clinic is told that the patient is not its any more."""
    with archive.transaction():
        feed.lock(archive, clinic)
        sql = "DELETE FROM catchment WHERE patient = ? AND clinic = ?"
        if not archive.execute(sql, (patient_id, clinic)):
            return False
        feed.remove(archive, clinic, Entity.PATIENT, patient_id)
    return True


def corrected(archive: Archive, heard: Heard, at: Stamp | None) -> int:
    """Return when it was said, by the best that is known of the box's clock so far."""
    if at is None:
        return heard.received_ms
    rows = archive.rows("SELECT * FROM anchor WHERE box = ? AND boot = ?", (heard.box.id, at.boot))
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


def _lock(archive: Archive, clinic: str, patient_id: str) -> Row | None:
    """Lock the feeds that the patient is in, by name, and then the patient."""
    for name in sorted({clinic, *clinics(archive, patient_id)}):
        feed.lock(archive, name)
    return row(archive, "SELECT * FROM patient WHERE id = ?" + archive.for_update, (patient_id,))


def _known(archive: Archive, patient_id: str) -> Row:
    held = _lock(archive, _home(archive, patient_id), patient_id)
    if held is None:
        raise HospitalError(f"no patient {patient_id}")
    _adopt(archive, held)
    return held


def _home(archive: Archive, patient_id: str) -> str:
    found = row(archive, "SELECT clinic FROM patient WHERE id = ?", (patient_id,))
    if found is None:
        raise HospitalError(f"no patient {patient_id}")
    return str(found["clinic"])


def _may_edit(archive: Archive, held: Row, clinic: str) -> bool:
    return clinic == held["clinic"] or clinic in clinics(archive, held["id"])


def _next_rev(archive: Archive, held: Row | None) -> int:
    generation = scalar(archive, "SELECT generation AS n FROM hospital")
    return max((held["rev"] if held else 0) + 1, (generation - 1) << _GENERATION)


def _edits(archive: Archive, heard: Heard, fact: facts.PatientFact, rev: int) -> list[Edit]:
    at_ms = corrected(archive, heard, fact.at)
    said = [(name, Op.SET, value) for name, value in fact.fields.items()]
    said += [(name, Op.ADD, member) for name, member in fact.added]
    said += [(name, Op.REMOVE, member) for name, member in fact.struck]
    return [
        Edit(heard.record, name, op, value, heard.box.id, fact.rev, fact.base_rev, rev, at_ms)
        for name, op, value in said
    ]


def _edit_here(
    archive: Archive,
    patient_id: str,
    said: Sequence[tuple[str, Op, str | None]],
    account: str,
    now_ms: int,
    seen: int | None = None,
) -> None:
    with archive.transaction():
        held = _known(archive, patient_id)
        rev = _next_rev(archive, held)
        one, base = str(uuid7()), held["rev"] if seen is None else seen
        new = [
            Edit(one, name, op, value, DESK, rev, base, rev, now_ms, clinician=True)
            for name, op, value in said
        ]
        edits.write(archive, patient_id, new, account, now_ms)
        _settle(archive, patient_id, (held["clinic"], held["box"]), rev, now_ms)


def _adopt(archive: Archive, held: Row) -> None:
    """Give a patient of the time before edits were kept a first one."""
    sql = "SELECT count(*) AS n FROM patient_edit WHERE patient = ?"
    if scalar(archive, sql, (held["id"],)):
        return
    first = [
        Edit("as held", name, Op.SET, value, held["box"], 0, 0, held["rev"], held["changed_ms"])
        for name, value in patient_fields.from_columns(held).items()
        if value is not None
    ]
    edits.write(archive, held["id"], first, None, held["changed_ms"])


# --- what comes of it -------------------------------------------------------------------------


def _again(archive: Archive, held: Row, now_ms: int) -> None:
    rev = _next_rev(archive, held)
    _settle(archive, held["id"], (held["clinic"], held["box"]), rev, now_ms)


def _settle(
    archive: Archive, patient_id: str, home: tuple[str, str], rev: int, now_ms: int
) -> None:
    said: dict[str, list[Edit]] = {}
    for told in edits.history(archive, patient_id):
        said.setdefault(told.edit.field, []).append(told.edit)
    table = merge.rules()
    settled = {name: merge.settle(table[name], said[name]) for name in table if name in said}
    known = {f.name: _text(settled.get(f.name)) or f.default for f in PATIENT_FIELDS}
    if known["name"] is None:
        raise RowRefused("a patient without a name")
    _keep(archive, patient_id, home, rev, known, now_ms)
    asked = [r for one in settled.values() for r in one.reviews]
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
    columns = ("rev", *COLUMNS, "sought", "changed_ms")
    archive.execute(
        f"INSERT INTO patient (id, clinic, box, {', '.join(columns)})"
        f" VALUES (?, ?, ?{', ?' * len(columns)}) ON CONFLICT (id) DO UPDATE SET"
        f" {', '.join(f'{column} = excluded.{column}' for column in columns)}",
        (patient_id, *home, rev, *patient_fields.to_columns(known), sought, now_ms),
    )


def _body(
    archive: Archive,
    patient_id: str,
    known: dict[str, str | None],
    settled: dict[str, Settled],
    asked: Sequence[Review],
) -> dict[str, object]:
    body: dict[str, object] = {k: v for k, v in known.items() if v is not None}
    for name, one in settled.items():
        if name not in known and one.value:
            body[name] = list(one.value) if isinstance(one.value, tuple) else one.value
    if asked:
        body["review"] = {
            name: sorted({v for r in asked if r.field == name for v in r.values})
            for name in {r.field for r in asked}
        }
    replaced_by = replacing(archive, patient_id)
    return body if replaced_by is None else body | {"replaced_by": replaced_by}


def _text(settled: Settled | None) -> str | None:
    return settled.value if settled is not None and isinstance(settled.value, str) else None
