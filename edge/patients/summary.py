"""The patient summary, to be known before treatment: allergies, conditions, medicines.

Anybody may add an allergy or a condition, and it shows at once; striking one out, and medicines
with their doses, are a clinician's to decide (the tiers of `SUMMARY_FIELDS`). What is asked here
stays visible as asked until the hospital's answer has come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.model.feed_item import Entity, text_of
from edge.patients import edits, register
from edge.store import journal
from edge.store.store import Store

LISTS = ("allergies", "conditions")
NONE_KNOWN = {"allergies": "No known allergies", "conditions": "No known conditions"}
"""What a list holds when somebody was asked and knows of none (IPS 2.0.0: no-known-allergies and
no-known-problems, apart from no information). It counts only while nothing else is in the list."""
MEDICINES = "medicines"
LONGEST = 200
"""Characters of one allergy or condition, or of the medicines as they are written."""


@dataclass(frozen=True, slots=True)
class Member:
    """One allergy or condition. `waits`: typed here, the hospital has not applied it yet;
    `striking`: somebody here asked to strike it out."""

    text: str
    waits: bool = False
    striking: bool = False


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """All that is known; `proposed` are medicines typed here not decided yet."""

    allergies: tuple[Member, ...] = ()
    conditions: tuple[Member, ...] = ()
    medicines: str | None = None
    proposed: str | None = None
    none_known: frozenset[str] = frozenset()
    """The lists of which somebody who was asked knows no member."""


def of(store: Store, patient_id: str) -> PatientSummary:
    """Return the hospital's version, with the edits made here since on top."""
    body = _hospital_body(store, patient_id)
    own_edits = _own_edits(store, patient_id)
    proposals = [edit[MEDICINES] for edit in own_edits if isinstance(edit.get(MEDICINES), str)]
    lists = {name: _members(body, own_edits, name) for name in LISTS}
    members = {name: known_of(name, listed) for name, listed in lists.items()}
    return PatientSummary(
        **members,
        none_known=frozenset(n for n in LISTS if lists[n] and not members[n]),
        medicines=text_of(body, MEDICINES),
        proposed=str(proposals[-1]) if proposals else None,
    )


def add(store: Store, now: Stamp, patient_id: str, name: str, text: str, actor: str | None) -> None:
    """Add an allergy or a condition (`name` of `LISTS`); raises `InvalidForm`, `NotFound`.

    What is known already is not written again.
    """
    text = _tidy(text)
    with store.transaction():
        known = getattr(of(store, patient_id), _list(name))
        if text.casefold() not in [
            member.text.casefold() for member in known if not member.striking
        ]:
            _append_edit(store, now, patient_id, {name: {"add": [text]}}, actor)


def say_none_known(store: Store, now: Stamp, patient_id: str, name: str, actor: str | None) -> None:
    """Keep that somebody was asked and knows of no member of a list; raises as `add` does.

    Nothing is written where there is a member, or where it was said before.
    """
    with store.transaction():
        known = of(store, patient_id)
        if not getattr(known, _list(name)) and name not in known.none_known:
            _append_edit(store, now, patient_id, {name: {"add": [NONE_KNOWN[name]]}}, actor)


def none_known_at(store: Store, patient_id: str, name: str) -> Stamp | None:
    """Return when somebody here said that nothing of a list is known.

    None when nobody did, or when the journal no longer holds it.
    """
    rows = store.rows(
        "SELECT e.entry, e.fields FROM patient_edit e WHERE e.patient_id = ? ORDER BY e.entry DESC",
        (patient_id,),
    )
    for row in rows:
        change = json.loads(row["fields"]).get(name)
        if isinstance(change, dict) and NONE_KNOWN.get(name) in change.get("add", []):
            entry = journal.read(store, row["entry"])
            return None if entry is None else entry.at
    return None


def known_of(name: str, listed: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return the members of a list without the entry that there are none."""
    return tuple(member for member in listed if member.text != NONE_KNOWN[name])


def ask_to_strike(
    store: Store, now: Stamp, patient_id: str, name: str, text: str, actor: str | None
) -> None:
    """Ask a clinician to strike a member out of a list; raises `InvalidForm`, `NotFound`."""
    with store.transaction():
        known: tuple[Member, ...] = getattr(of(store, patient_id), _list(name))
        member = next((m for m in known if m.text == text), None)
        if member is None:
            raise InvalidForm({name: "unknown"})
        if not member.striking:
            _append_edit(store, now, patient_id, {name: {"remove": [text]}}, actor)


def propose_medicines(
    store: Store, now: Stamp, patient_id: str, text: str, actor: str | None
) -> None:
    """Propose to the hospital what somebody takes; a clinician decides. Raises as `add` does."""
    text = _tidy(text)
    with store.transaction():
        known = of(store, patient_id)
        if text not in (known.medicines if known.proposed is None else None, known.proposed):
            _append_edit(store, now, patient_id, {MEDICINES: text}, actor)


def _hospital_body(store: Store, patient_id: str) -> Mapping[str, object]:
    row = store.row(
        "SELECT body FROM feed_item WHERE entity = ? AND id = ?",
        (Entity.PATIENT.value, patient_id),
    )
    body = json.loads(row["body"]) if row is not None else {}
    return body if isinstance(body, dict) else {}


def _own_edits(store: Store, patient_id: str) -> list[dict[str, object]]:
    rows = store.rows(
        "SELECT fields FROM patient_edit WHERE patient_id = ? ORDER BY entry", (patient_id,)
    )
    return [json.loads(row["fields"]) for row in rows]


def _members(
    body: Mapping[str, object], own_edits: list[dict[str, object]], name: str
) -> tuple[Member, ...]:
    listed = body.get(name)
    asked = _asked_removals(body, name)
    members = {
        str(text): Member(str(text), striking=str(text) in asked)
        for text in (listed if isinstance(listed, list) else [])
    }
    for edit in own_edits:
        change = edit.get(name)
        if isinstance(change, dict):
            for text in change.get("add", []):
                members[text] = Member(text, waits=True)
            for text in change.get("remove", []):
                members[text] = Member(text, waits=True, striking=True)
    return tuple(sorted(members.values(), key=lambda member: member.text.casefold()))


def _asked_removals(body: Mapping[str, object], name: str) -> list[object]:
    """Return the members that the hospital's nurse has been asked to strike out."""
    review = body.get("review")
    asked = review.get(name) if isinstance(review, dict) else None
    return asked if isinstance(asked, list) else []


def _append_edit(
    store: Store, now: Stamp, patient_id: str, changes: Mapping[str, object], actor: str | None
) -> None:
    rev, base_rev = register.revise(store, patient_id)
    body = {"patient": patient_id, "rev": rev, "base_rev": base_rev, "set": dict(changes)}
    entry = journal.append(store, EntryKind.PATIENT, now, body, actor=actor)
    edits.note_edit(store, entry, patient_id, changes)


def _list(name: str) -> str:
    if name not in LISTS:
        raise InvalidForm({name: "unknown"})
    return name


def _tidy(text: str) -> str:
    """Return what was typed on one line; a comma parts nothing: "milk, boiled" is one thing."""
    tidy = " ".join(text.split())
    if not tidy:
        raise InvalidForm({"text": "required"})
    if len(tidy) > LONGEST:
        raise InvalidForm({"text": "too-long"})
    if not tidy.isprintable():
        raise InvalidForm({"text": "format"})
    return tidy
