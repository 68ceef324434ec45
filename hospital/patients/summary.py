"""Allergies, conditions and medicines of a person, as the desk shows and changes them.

The edits of boxes and desk are merged by the tiers of `sync.patient_merge`; at the desk a clinician
adds, removes, and sets the current medicines. Every edit stays in the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.patients.summary import LISTS, LONGEST, MEDICINES, NONE_KNOWN
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.patients import edit_history, master_index
from sync import patient_merge
from sync.patient_merge import Op


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """What is known of a person before anybody treats; medicines are one text a record."""

    allergies: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    none_known: frozenset[str] = frozenset()
    """The lists of which somebody who was asked knows no member."""

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.allergies or self.conditions or self.medicines)


def of(archive: Archive, patient_ids: Sequence[str]) -> PatientSummary:
    """Return what is known of the records that are one person."""
    known = [
        entry.edit
        for patient_id in patient_ids
        for entry in edit_history.history(archive, patient_id)
    ]
    table = patient_merge.rules()
    found: dict[str, tuple[str, ...]] = {}
    for name in LISTS:
        value = patient_merge.settle(table[name], [e for e in known if e.field == name]).value
        found[name] = value if isinstance(value, tuple) else ()
    members = {n: tuple(m for m in listed if m != NONE_KNOWN[n]) for n, listed in found.items()}
    none_known = frozenset(n for n, listed in found.items() if listed and not members[n])
    return PatientSummary(
        **members, medicines=_medicines(archive, patient_ids), none_known=none_known
    )


def add(archive: Archive, patient_id: str, name: str, text: str, account: str, now_ms: int) -> None:
    """Add to a list as a clinician; raises `HospitalError`."""
    master_index.edit(archive, patient_id, [(_list(name), Op.ADD, _tidy(text))], account, now_ms)


def say_none_known(archive: Archive, patient_id: str, name: str, account: str, now_ms: int) -> None:
    """Keep that somebody was asked and knows of no member of a list; raises `HospitalError`."""
    known = of(archive, [patient_id])
    if not getattr(known, _list(name)) and name not in known.none_known:
        change = [(name, Op.ADD, NONE_KNOWN[name])]
        master_index.edit(archive, patient_id, change, account, now_ms)


def strike(
    archive: Archive, patient_id: str, name: str, text: str, account: str, now_ms: int
) -> None:
    """Remove a member from a list as a clinician; raises `HospitalError`."""
    if text not in getattr(of(archive, [patient_id]), _list(name)):
        raise HospitalError("this is not in the list any more")
    master_index.edit(archive, patient_id, [(name, Op.REMOVE, text)], account, now_ms)


def prescribe(archive: Archive, patient_id: str, text: str, account: str, now_ms: int) -> None:
    """Set the current medicines and doses, all of them; raises `HospitalError`."""
    master_index.edit(archive, patient_id, [(MEDICINES, Op.SET, _tidy(text))], account, now_ms)


def _medicines(archive: Archive, patient_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the current medicines of each record: doses are never merged by a rule."""
    rule = patient_merge.rules()[MEDICINES]
    medicines = []
    for patient_id in patient_ids:
        known = [
            entry.edit
            for entry in edit_history.history(archive, patient_id)
            if entry.edit.field == MEDICINES
        ]
        value = patient_merge.settle(rule, known).value
        medicines += [value] if isinstance(value, str) else []
    return tuple(dict.fromkeys(medicines))


def _list(name: str) -> str:
    if name not in LISTS:
        raise HospitalError(f"{name} is no list")
    return name


def _tidy(text: str) -> str:
    tidy = " ".join(text.split())
    if not tidy or not tidy.isprintable():
        raise HospitalError("Please write it first.")
    if len(tidy) > LONGEST:
        raise HospitalError(f"This is too long; at most {LONGEST} characters.")
    return tidy
