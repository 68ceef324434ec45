"""Patients: registering, correcting and finding them.

Each registration and each correction is a journal entry; the tables hold the newest revision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from uuid_utils import uuid7

from edge.model import patient_fields
from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, InvalidForm, NotFound
from edge.model.patient import Patient, PatientFields
from edge.model.patient_codes import Sex
from edge.model.patient_fields import COLUMNS
from edge.patients import cards, duplicates, edits, name_index, names, phones, search_query
from edge.patients.form import PatientForm, check, check_changes
from edge.patients.search_query import SearchQuery
from edge.store import journal
from edge.store.store import Row, Store

SHOWN = 8
"""How many hits fit on a screen; common names need village and age to tell people apart."""

DUPLICATES_SHOWN = 5
NAMES, PHONES_LOOKED_AT, VILLAGERS = 400, 400, 3000
"""How many candidates are judged, by what finds them."""

_COLUMNS = f"SELECT row, id, rev, feed_rev, replaced_by, {', '.join(COLUMNS)} FROM patient"
_HERE = "away = 0"
"""Whom searches find: not who left this clinic. A linked record leads to the one that stands."""


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
        if {"birth", "age", "sex"} & set(new):
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


def holders(store: Store, card: str) -> list[Patient]:
    """Return who is on file with a card: of linked records the one that stands for them."""
    rows = store.rows(f"{_COLUMNS} WHERE card = ? AND {_HERE} ORDER BY row", (cards.tidy(card),))
    return _people(store, rows)


def by_card(store: Store, card: str) -> Patient | None:
    """Return the holder of a card; None also when two people are on file with it."""
    found = holders(store, card)
    return found[0] if len(found) == 1 else None


def search(store: Store, text: str, limit: int = SHOWN) -> list[Patient]:
    """Return the patients that `text` may mean: card or phone first, then whoever fits most.

    Its words may be of a name or of a village, or be a year of birth.
    """
    query = search_query.read(text)
    if not query.text:
        return []
    exact = _by_number(store, query, limit)
    if exact and query.is_number:
        return exact
    return _once([*exact, *_by_words(store, query, limit)])[:limit]


def possible_duplicates(store: Store, form: PatientForm, now: Stamp | None = None) -> list[Patient]:
    """Return the patients that somebody about to be registered may already be, likeliest first.

    Who has died is not among them; who moved away may have come back. `now` is needed to compare
    an age with the births on file.
    """
    new = _about_to_be(form, now)
    hits = {hit.row: hit.likeness for hit in name_index.find(store, form.name, limit=60)}
    found = [*_by_rows(store, hits), *_same_number(store, new)]
    rows = [row for row in found if row["deceased"] is None]
    judged = [
        (duplicates.score(new, _patient(row), hits.get(row["row"])), _person(store, row))
        for row in rows
    ]
    judged.sort(key=lambda pair: -pair[0])
    return _once([p for score, p in judged if score >= duplicates.PROBABLE])[:DUPLICATES_SHOWN]


def held(store: Store, patient_ids: Iterable[str]) -> list[Patient]:
    """Return those of some records that are here, in the same order."""
    found = (store.row(f"{_COLUMNS} WHERE id = ?", (one,)) for one in patient_ids)
    return [_patient(row) for row in found if row is not None]


def count(store: Store) -> int:
    """Return how many patients are registered."""
    return store.scalar("SELECT count(*) FROM patient")


def _row(store: Store, patient_id: str) -> Row:
    row = store.row(f"{_COLUMNS} WHERE id = ?", (patient_id,))
    if row is None:
        raise NotFound(f"no patient {patient_id}")
    return row


def _by_rows(store: Store, numbers: Iterable[int]) -> list[Row]:
    wanted = list(numbers)
    marks = ",".join("?" * len(wanted))
    return store.rows(f"{_COLUMNS} WHERE row IN ({marks}) AND {_HERE}", wanted)


def _people(store: Store, rows: Iterable[Row]) -> list[Patient]:
    return _once(_person(store, row) for row in rows)


def _person(store: Store, row: Row) -> Patient:
    """Return the patient of a record, or of the record that stands for it when that is here."""
    if row["replaced_by"] is None:
        return _patient(row)
    kept = store.row(f"{_COLUMNS} WHERE id = ? AND {_HERE}", (row["replaced_by"],))
    return _patient(row if kept is None else kept)


def _once(patients: Iterable[Patient]) -> list[Patient]:
    return list({p.id: p for p in reversed(list(patients))}.values())[::-1]


def _by_number(store: Store, query: SearchQuery, limit: int) -> list[Patient]:
    found = holders(store, query.number) if query.number else []
    if not query.phone:
        return found
    part = phones.significant(query.phone)[-phones.LEAST_WHOLE :]
    if not part:
        return found
    sql = f"{_COLUMNS} WHERE phone LIKE ? AND {_HERE} ORDER BY length(phone), row LIMIT ?"
    rows = store.rows(sql, (f"%{part}%", PHONES_LOOKED_AT))
    fits = [row for row in rows if phones.may_be(row["phone"], query.phone)]
    return _once([*found, *_people(store, fits)])[:limit]


def _by_words(store: Store, query: SearchQuery, limit: int) -> list[Patient]:
    hits = {hit.row: hit.likeness for hit in name_index.find(store, query.names, limit=NAMES)}
    rows = {row["row"]: row for row in _by_rows(store, hits)}
    rows |= {row["row"]: row for row in _of_villages(store, query)}
    if query.years and not query.words:
        rows |= {row["row"]: row for row in _born_in(store, query)}
    judged = [
        (max(hits.get(number, 0.0) + search_query.year_fits(query, fields), like), -number, row)
        for number, row in rows.items()
        if (fields := _patient(row))
        and (like := search_query.likeness(query, fields)) > 0
        or number in hits
    ]
    judged.sort(key=lambda one: (-one[0], -one[1]))
    return _people(store, [row for _, _, row in judged])[:limit]


def _of_villages(store: Store, query: SearchQuery) -> list[Row]:
    """Return the people of the villages that the query names."""
    asked = names.keys(query.names)
    if not asked.words:
        return []
    known = store.rows("SELECT DISTINCT village FROM patient WHERE village IS NOT NULL")
    named = [r["village"] for r in known if search_query.is_village(asked, r["village"])]
    marks = ",".join("?" * len(named))
    sql = f"{_COLUMNS} WHERE village IN ({marks}) AND {_HERE} ORDER BY row DESC LIMIT ?"
    return store.rows(sql, (*named, VILLAGERS))


def _born_in(store: Store, query: SearchQuery) -> list[Row]:
    """Return whose birth or estimated age fits a year."""
    like = " OR ".join("birth LIKE ?" for _ in query.years)
    sql = f"{_COLUMNS} WHERE ({like} OR (birth IS NULL AND more LIKE '%\"age\"%')) AND {_HERE}"
    return store.rows(f"{sql} ORDER BY name LIMIT ?", (*(f"{y}%" for y in query.years), VILLAGERS))


def _same_number(store: Store, new: PatientFields) -> list[Row]:
    """Return the records with the same card, or with the same telephone in any form."""
    by_card_ = store.rows(f"{_COLUMNS} WHERE card = ? AND {_HERE}", (new.card,))
    if new.phone is None:
        return by_card_
    part = phones.significant(new.phone)[-phones.LEAST_WHOLE :]
    sql = f"{_COLUMNS} WHERE phone LIKE ? AND {_HERE} LIMIT ?"
    rows = store.rows(sql, (f"%{part}", PHONES_LOOKED_AT))
    return [*by_card_, *(row for row in rows if phones.is_same(row["phone"], new.phone))]


def _about_to_be(form: PatientForm, now: Stamp | None) -> PatientFields:
    """Return what a form tells, as far as it can be read."""
    wrong: set[str] = set() if now is not None else {"birth", "age"}
    at = now or Stamp(0, 0, 0, ClockQuality.FLOOR)
    for _ in range(2):
        try:
            return check(replace(form, **dict.fromkeys(wrong, "")), at)
        except InvalidForm as error:
            wrong |= set(error.fields) - {"name"}
    return PatientFields(form.name, Sex.UNKNOWN)


def _card_is_free(store: Store, patient: Patient) -> None:
    """Raise `InvalidForm` when the card is another person's, by any of their records."""
    if patient.card is None:
        return
    own = set(edits.one_person(store, patient.id))
    if any(holder.id not in own for holder in holders(store, patient.card)):
        raise InvalidForm({"card": "taken"})


def _patient_of(patient_id: str, rev: int, checked: PatientFields) -> Patient:
    return Patient(
        **patient_fields.arguments(patient_fields.values_of(checked)), id=patient_id, rev=rev
    )


def _patient(row: Row) -> Patient:
    values = patient_fields.arguments(patient_fields.from_columns(row))
    return Patient(**values, id=row["id"], rev=row["rev"])
