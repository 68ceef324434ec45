"""Who should come to the clinics: derived from what they wrote, by the same plans as there.

The rows of `follow_up` are written anew for people about whom something has changed
(`hospital.patients.to_settle`), by a job and whenever the page is opened. Who has died or moved
away has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from edge.care.plan import APPOINTMENT, EPISODE, HOSPITAL, NEVER
from edge.model.life_status import LISTED
from hospital.archive import Archive, Row, row, scalar
from hospital.patients import care_entries, links, messages
from hospital.patients.care_entries import ChartedAppointment, ChartedCall, ChartedEpisode
from hospital.views.chart import marks

PAGE: Final = 50
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class DueLine:
    """Somebody who should come to a clinic, as the desk lists them."""

    patient_id: str
    name: str
    phone: str | None
    village: str | None
    clinic: str
    source: str
    title: str
    due: str
    outcome: str | None
    called: str | None


def settle_waiting(archive: Archive, most: int = BATCH) -> int:
    """Settle people about whom something has changed; return how many still wait."""
    with archive.transaction():
        rows = archive.rows("SELECT patient FROM to_settle LIMIT ?", (most,))
        for found in rows:
            settle(archive, found["patient"])
    return scalar(archive, "SELECT count(*) AS n FROM to_settle")


def settle(archive: Archive, patient_id: str) -> None:
    """Write anew what is due for a person; inside a transaction."""
    ids = links.one_person(archive, patient_id)
    archive.execute(f"DELETE FROM follow_up WHERE patient IN ({marks(ids)})", ids)
    archive.execute(f"DELETE FROM to_settle WHERE patient IN ({marks(ids)})", ids)
    known = row(
        archive,
        f"SELECT count(*) AS n FROM patient WHERE id IN ({marks(ids)}) AND NOT ({LISTED})",
        ids,
    )
    if known is not None and known["n"]:
        return
    called = care_entries.calls(archive, ids)
    for source, item, clinic, programme, due, lost in _due(archive, ids):
        last = next((c for c in reversed(called) if c.about == item and c.day >= due), None)
        _write(archive, ids[0], (source, item, clinic, programme, due, lost), last)


def counts(archive: Archive, today: date, clinic: str | None = None) -> Mapping[str, int]:
    """Return how many stand on each list on a day, of all clinics or of one."""
    return {
        name: scalar(archive, f"SELECT count(*) AS n FROM follow_up f{where}", more)
        for name in LISTS
        for where, more in [_where(name, today, clinic)]
    }


def page(
    archive: Archive, name: str, today: date, clinic: str | None, limit: int, skip: int
) -> list[DueLine]:
    """Return a part of a list, those who wait longest first."""
    where, more = _where(name, today, clinic)
    rows = archive.rows(
        "SELECT f.*, p.name AS patient_name, p.phone, p.village FROM follow_up f"
        f" LEFT JOIN patient p ON p.id = f.patient{where}"
        " ORDER BY f.due, f.patient, f.id LIMIT ? OFFSET ?",
        (*more, limit, skip),
    )
    return [_line(one) for one in rows]


def clinics(archive: Archive) -> list[str]:
    """Return the clinics that somebody should come to, by name."""
    rows = archive.rows("SELECT DISTINCT clinic FROM follow_up ORDER BY clinic")
    return [r["clinic"] for r in rows]


Due = tuple[str, str, str, str | None, str, str]
"""Source, id, clinic, programme, the day it is due, the day from which the person is lost."""


def _due(archive: Archive, ids: Sequence[str]) -> list[Due]:
    booked = [one for one in care_entries.appointments(archive, ids) if one.is_open]
    by_programme = {(one.clinic, one.programme): one for one in booked}
    found: list[Due] = []
    for episode in care_entries.episodes(archive, ids):
        if not episode.is_open:
            continue
        own = by_programme.pop((episode.clinic, episode.programme), None)
        if own is not None:
            found.append(_of_appointment(own, max(episode.lost or NEVER, own.due)))
        elif episode.due:
            found.append(_of_episode(episode))
    found += [_of_appointment(one, NEVER) for one in by_programme.values()]
    return found + _of_hospital(archive, ids)


def _of_episode(one: ChartedEpisode) -> Due:
    return EPISODE, one.id, one.clinic, one.programme, one.due, one.lost or NEVER


def _of_appointment(one: ChartedAppointment, lost: str) -> Due:
    return APPOINTMENT, one.id, one.clinic, one.programme, one.due, lost


def _of_hospital(archive: Archive, ids: Sequence[str]) -> list[Due]:
    """Return our own appointments of which no clinic said what became of them."""
    said = {one.id: one.due for one in care_entries.appointments(archive, ids) if not one.is_open}
    home = row(archive, "SELECT clinic FROM patient WHERE id = ?", (ids[0],))
    if home is None:
        return []
    return [
        (HOSPITAL, one.id, home["clinic"], None, one.when.date().isoformat(), NEVER)
        for one in messages.about(archive, ids)
        if one.when is not None and not one.gone and said.get(one.id) != one.when.date().isoformat()
    ]


def _write(archive: Archive, patient_id: str, due: Due, last: ChartedCall | None) -> None:
    call = (None, None, None) if last is None else (last.remind, last.outcome, last.day)
    archive.execute(
        "INSERT INTO follow_up (patient, source, id, clinic, programme, due, lost, remind, outcome,"
        " called) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (patient_id, *due, *call),
    )


def _where(name: str, today: date, clinic: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the SQL of a list with its values, by day and perhaps by clinic."""
    day, week = today.isoformat(), (today + timedelta(days=7)).isoformat()
    where = LISTS[name]
    more = (day, week) if name == "week" else (day,) * where.count("?")
    return (f"{where} AND f.clinic = ?", (*more, clinic)) if clinic else (where, more)


LISTS: Final[Mapping[str, str]] = {
    "today": " WHERE f.due = ?",
    "week": " WHERE f.due > ? AND f.due <= ?",
    "overdue": " WHERE f.due < ? AND f.lost > ? AND (f.remind IS NULL OR f.remind <= ?)",
    "later": " WHERE f.due < ? AND f.remind > ?",
    "lost": " WHERE f.due < ? AND f.lost <= ?",
}
"""The lists by name, as SQL of the day; those of the kiosk (`edge.care.follow_up`)."""


def _line(r: Row) -> DueLine:
    return DueLine(
        *(r["patient"], r["patient_name"] or "not registered yet", r["phone"], r["village"]),
        *(r["clinic"], r["source"], care_entries.title_of(r["programme"])),
        *(r["due"], r["outcome"], r["called"]),
    )
