"""Patients: registering, correcting and finding them.

Each registration and each correction is a journal entry; the tables hold the newest revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from uuid_utils import uuid7

from edge.model import patient_fields
from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, InvalidForm, NotFound
from edge.model.patient import Patient, PatientFields
from edge.model.patient_codes import Sex
from edge.model.patient_fields import COLUMNS
from edge.patients import cards, edits, name_index, names
from edge.patients.form import PatientForm, check, check_changes, tidy_phone
from edge.store import journal
from edge.store.store import Row, Store

SHOWN = 8
"""How many hits fit on a screen; common names need village and age to tell people apart."""

DUPLICATES_SHOWN = 5
PROBABLY_SAME = 0.93
"""From this likeness on (name, with boosts for sex, birth and village) a person is asked."""

_PHONE_DIGITS = 4
"""So few digits are looked for among phone numbers."""

_COLUMNS = f"SELECT row, id, rev, feed_rev, {', '.join(COLUMNS)} FROM patient"
_FOUND = "away = 0 AND replaced_by IS NULL"
"""Whom searches find: neither who left this clinic nor who turned out to be somebody else."""


def register(store: Store, now: Stamp, form: PatientForm, actor: str | None) -> Patient:
    """Keep a new patient; raises `InvalidForm`."""
    checked = check(form, now)
    patient = _patient_of(str(uuid7()), 1, checked)
    values = patient_fields.values_of(checked)
    given = {name: value for name, value in values.items() if value is not None}
    with store.transaction():
        _card_is_free(store, patient)
        body = {"patient": patient.id, "rev": 1} | patient_fields.to_wire(given)
        entry = journal.append(store, EntryKind.PATIENT, now, body, actor=actor)
        row = store.execute(
            f"INSERT INTO patient (id, entry, rev, {', '.join(COLUMNS)})"
            f" VALUES (?, ?, ?{', ?' * len(COLUMNS)})",
            (patient.id, entry, 1, *patient_fields.to_columns(values)),
        )
        name_index.put(store, row, patient.name)
        edits.note_edit(store, entry, patient.id, given)
    return patient


def correct(
    store: Store,
    now: Stamp,
    patient_id: str,
    changes: Mapping[str, str],
    actor: str | None,
    *,
    base_rev: int | None = None,
) -> Patient:
    """Change fields (as typed, named as in `PatientForm`) and return the new revision.

    The journal entry is a patch: what was changed, from what, and the hospital's revision that the
    box knew (0: none yet), so that the hospital can tell an edit that it overtook.

    Raises `NotFound`, `InvalidForm`, and `ActionRefused` ("changed-meanwhile") when `base_rev` is
    given and somebody else has corrected the patient since. Nothing is written when nothing
    changes.
    """
    with store.transaction():
        row = _row(store, patient_id)
        was = _patient(row)
        if base_rev not in (None, was.rev):
            raise ActionRefused(
                "changed-meanwhile", "somebody has corrected this patient meanwhile"
            )
        checked = check_changes(was, changes, now)
        patient = _patient_of(was.id, was.rev + 1, checked)
        before, after = patient_fields.values_of(was), patient_fields.values_of(checked)
        changed = [name for name in after if before[name] != after[name]]
        if not changed:
            return was
        _card_is_free(store, patient)
        new = {name: after[name] for name in changed}
        body: dict[str, object] = {
            "patient": was.id,
            "rev": patient.rev,
            "base_rev": row["feed_rev"],
            "was": patient_fields.to_wire({name: before[name] for name in changed}),
            "set": patient_fields.to_wire(new),
        }
        entry = journal.append(store, EntryKind.PATIENT, now, body, actor=actor)
        store.execute(
            f"UPDATE patient SET entry = ?, rev = ?, {' = ?, '.join(COLUMNS)} = ? WHERE row = ?",
            (entry, patient.rev, *patient_fields.to_columns(after), row["row"]),
        )
        if "name" in changed:
            name_index.put(store, row["row"], patient.name)
        edits.note_edit(store, entry, was.id, new)
        if {"birth", "age"} & set(new):
            edits.note_age_may_be_known(store, was.id)
    return patient


def revise(store: Store, patient_id: str) -> tuple[int, int]:
    """Count one more revision of a patient, inside the caller's transaction.

    Returns it and the hospital's revision that the box knows (0: none); raises `NotFound`.
    """
    row = _row(store, patient_id)
    store.execute("UPDATE patient SET rev = rev + 1 WHERE row = ?", (row["row"],))
    return row["rev"] + 1, row["feed_rev"]


def get(store: Store, patient_id: str) -> Patient:
    """Return a patient; raises `NotFound`."""
    return _patient(_row(store, patient_id))


def by_card(store: Store, card: str) -> Patient | None:
    """Return the holder of a card; None also when two people are on file with it."""
    rows = store.rows(f"{_COLUMNS} WHERE card = ? AND {_FOUND}", (cards.tidy(card),))
    return _patient(rows[0]) if len(rows) == 1 else None


def search(store: Store, text: str, limit: int = SHOWN) -> list[Patient]:
    """Return the patients that `text` may mean: card or phone first, then names most alike."""
    text = text.strip()[:120]
    if not text:
        return []
    exact = _by_number(store, text, limit)
    if exact and any(c.isdecimal() for c in text):
        return exact
    found = name_index.find(store, text, limit)
    by_row = _by_rows(store, [hit.row for hit in found])
    named = [by_row[hit.row] for hit in found if hit.row in by_row]
    return list({p.id: p for p in [*exact, *named]}.values())[:limit]


def possible_duplicates(store: Store, form: PatientForm, now: Stamp | None = None) -> list[Patient]:
    """Return the patients that somebody about to be registered may already be, likeliest first.

    `now` is needed to compare an age with the births on file.
    """
    year = _birth_year(form, now)
    hits = name_index.find(store, form.name, limit=60)
    by_row = _by_rows(store, [hit.row for hit in hits])
    judged = [
        (min(hit.likeness, 1.0) + _boost(by_row[hit.row], form, year), by_row[hit.row])
        for hit in hits
        if hit.row in by_row
    ]
    judged += [(2.0, patient) for patient in _same_number(store, form)]
    judged.sort(key=lambda pair: -pair[0])
    likely = {p.id: p for score, p in judged if score >= PROBABLY_SAME}
    return list(likely.values())[:DUPLICATES_SHOWN]


def count(store: Store) -> int:
    """Return how many patients are registered."""
    return store.scalar("SELECT count(*) FROM patient")


def _row(store: Store, patient_id: str) -> Row:
    row = store.row(f"{_COLUMNS} WHERE id = ?", (patient_id,))
    if row is None:
        raise NotFound(f"no patient {patient_id}")
    return row


def _by_rows(store: Store, numbers: list[int]) -> dict[int, Patient]:
    marks = ",".join("?" * len(numbers))
    rows = store.rows(f"{_COLUMNS} WHERE row IN ({marks}) AND {_FOUND}", numbers)
    return {r["row"]: _patient(r) for r in rows}


def _by_number(store: Store, text: str, limit: int) -> list[Patient]:
    holder = by_card(store, text)
    digits = tidy_phone(text) or ""
    if len(digits) < _PHONE_DIGITS:
        return [holder] if holder else []
    query = f"{_COLUMNS} WHERE phone LIKE ? AND {_FOUND} ORDER BY length(phone), row LIMIT ?"
    phones = [_patient(r) for r in store.rows(query, (f"%{digits.lstrip('+0')}%", limit))]
    return [holder, *phones] if holder else phones


def _same_number(store: Store, form: PatientForm) -> list[Patient]:
    holder = by_card(store, form.card) if form.card.strip() else None
    phone = tidy_phone(form.phone)
    rows = (
        store.rows(f"{_COLUMNS} WHERE phone = ? AND {_FOUND} LIMIT 20", (phone,)) if phone else []
    )
    # A family shares a telephone: the name has to be a little alike too.
    asked = names.keys(form.name)
    alike = [_patient(r) for r in rows if names.likeness(asked, names.keys(r["name"])) >= 0.8]
    return [holder, *alike] if holder else alike


def _boost(patient: Patient, form: PatientForm, year: int | None) -> float:
    boost = 0.0
    if form.village and patient.village:
        boost += 0.04 if form.village.casefold() == patient.village.casefold() else 0
    if Sex.UNKNOWN.value not in (form.sex or "unknown", patient.sex.value):
        boost += 0.02 if form.sex == patient.sex.value else -0.06
    born = patient.birth_or_likely
    if year is not None and born is not None:
        boost += 0.04 if abs(int(born[:4]) - year) <= 5 else -0.12
    return boost


def _birth_year(form: PatientForm, now: Stamp | None) -> int | None:
    """Return the year of birth that a form tells, None when it tells none or a wrong one."""
    if now is None:
        return None
    try:
        checked = check(replace(form, name="?", phone="", card=""), now)
    except InvalidForm:
        return None
    born = _patient_of("", 1, checked).birth_or_likely
    return None if born is None else int(born[:4])


def _card_is_free(store: Store, patient: Patient) -> None:
    sql = f"SELECT 1 FROM patient WHERE card = ? AND id <> ? AND {_FOUND}"
    if patient.card and store.row(sql, (patient.card, patient.id)) is not None:
        raise InvalidForm({"card": "taken"})


def _patient_of(patient_id: str, rev: int, checked: PatientFields) -> Patient:
    return Patient(
        **patient_fields.arguments(patient_fields.values_of(checked)), id=patient_id, rev=rev
    )


def _patient(row: Row) -> Patient:
    values = patient_fields.arguments(patient_fields.from_columns(row))
    return Patient(**values, id=row["id"], rev=row["rev"])
