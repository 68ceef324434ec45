"""Link duplicate records of one person, and share a record with other clinics.

Nothing is moved or merged by linking: the records stay as they are, the chart shows them as one,
and boxes find the record that stands for the others. Both can be undone. Who did what, when and why
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from edge.patients import duplicates
from hospital.archive import Archive, row
from hospital.archive.errors import HospitalError
from hospital.fleet import boxes
from hospital.patients import master_index, messages
from hospital.views import chart
from hospital.views.chart import PatientLine

LONGEST_WHY = 200
CANDIDATES = 100
"""So many people are looked at for each thing that two records may share."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of two records that are one person; `undone_ms` None: it is valid."""

    duplicate: str
    kept: str
    account: str
    at_ms: int
    why: str
    undone_by: str | None
    undone_ms: int | None
    undone_why: str


@dataclass(frozen=True, slots=True)
class SharingChange:
    """Somebody shared a patient with a clinic, or (`shared` False) ended that."""

    clinic: str
    shared: bool
    account: str
    why: str
    at_ms: int


def one_person(archive: Archive, patient_id: str) -> list[str]:
    """Return the ids of all records of a person, the one that stands for the others first."""
    kept = master_index.replacing(archive, patient_id) or patient_id
    return [kept, *master_index.duplicates(archive, kept)]


def links(archive: Archive, patient_id: str) -> list[Link]:
    """Return the links of a record that stand or stood, newest first."""
    rows = archive.rows(
        "SELECT * FROM patient_link WHERE duplicate = ? OR kept = ? ORDER BY number DESC",
        (patient_id, patient_id),
    )
    return [Link(**{f.name: r[f.name] for f in fields(Link)}) for r in rows]


def may_be_same(archive: Archive, line: PatientLine, limit: int = 6) -> list[PatientLine]:
    """Return records that may be this person, likeliest first (`edge.patients.duplicates`).

    Who has the same card, the same telephone or a word of the name is looked at; the family on
    one telephone is told apart by name, sex and age.
    """
    patient = line.patient
    asked = [text for text in (patient.card, patient.phone) if text]
    asked += [word for word in patient.name.split() if len(word) > 1]
    found: dict[str, PatientLine] = {}
    for text in asked:
        for candidate in chart.patients(archive, text, CANDIDATES):
            found.setdefault(candidate.patient.id, candidate)
    known = set(one_person(archive, patient.id))
    judged = [
        (duplicates.score(patient, candidate.patient), candidate)
        for key, candidate in found.items()
        if key not in known
    ]
    judged.sort(key=lambda pair: -pair[0])
    return [candidate for score, candidate in judged if score >= duplicates.POSSIBLE][:limit]


def link(archive: Archive, duplicate: str, kept: str, why: str, account: str, now_ms: int) -> None:
    """Link two records of one person, with the reason; raises `HospitalError`."""
    master_index.link(archive, duplicate, kept, account, now_ms, _why(why))


def unlink(archive: Archive, duplicate: str, why: str, account: str, now_ms: int) -> None:
    """Undo a link, with the reason; raises `HospitalError`."""
    master_index.unlink(archive, duplicate, account, now_ms, _why(why))


def share(
    archive: Archive, patient_id: str, clinic: str, why: str, account: str, now_ms: int
) -> None:
    """Share a patient and the current messages with another clinic; raises `HospitalError`."""
    if clinic not in clinics(archive):
        raise HospitalError("there is no such clinic")
    reason = _why(why)
    with archive.transaction():
        if master_index.share(archive, patient_id, clinic, now_ms):
            messages.send_current(archive, patient_id, clinic)
            _note(archive, patient_id, SharingChange(clinic, True, account, reason, now_ms))


def withdraw(
    archive: Archive, patient_id: str, clinic: str, why: str, account: str, now_ms: int
) -> None:
    """End sharing: that clinic no longer finds the patient; what was done there stays."""
    reason = _why(why)
    with archive.transaction():
        if master_index.withdraw(archive, patient_id, clinic):
            messages.withdraw(archive, patient_id, clinic)
            _note(archive, patient_id, SharingChange(clinic, False, account, reason, now_ms))


def shared_with(archive: Archive, patient_id: str) -> list[str]:
    """Return the clinics beside its own that know a patient."""
    home = row(archive, "SELECT clinic FROM patient WHERE id = ?", (patient_id,))
    known = master_index.clinics(archive, patient_id)
    return [c for c in known if home is None or c != home["clinic"]]


def sharings(archive: Archive, patient_id: str) -> list[SharingChange]:
    """Return who shared a patient with whom, newest first."""
    rows = archive.rows(
        "SELECT * FROM sharing WHERE patient = ? ORDER BY number DESC", (patient_id,)
    )
    return [
        SharingChange(r["clinic"], bool(r["shared"]), r["account"], r["why"], r["at_ms"])
        for r in rows
    ]


def clinics(archive: Archive) -> list[str]:
    """Return the names of all clinics that have a box."""
    rows = archive.rows(
        "SELECT DISTINCT clinic FROM box WHERE standing = ? ORDER BY clinic", (boxes.ACTIVE,)
    )
    return [r["clinic"] for r in rows]


def _note(archive: Archive, patient_id: str, change: SharingChange) -> None:
    archive.execute(
        "INSERT INTO sharing (patient, clinic, shared, account, why, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (patient_id, change.clinic, int(change.shared), change.account, change.why, change.at_ms),
    )


def _why(why: str) -> str:
    why = why.replace("\x00", "").strip()[:LONGEST_WHY]
    if not why:
        raise HospitalError("please say why; it is kept with the patient's history")
    return why
