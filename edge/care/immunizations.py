"""Doses of vaccines that were given: which, when, from which vial, where on the body.

What is due follows from them and the schedule (`edge.care.vaccine_schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.patients import birth, edits
from edge.store import journal
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose: vaccine and number (from 1), the local day (`YYYY-MM-DD`), and of which vial.

    `expiry` is the vial's, a day or a month. `elsewhere`: a card shows it; it was not given here.
    """

    vaccine: str
    dose: int
    day: str = ""
    batch: str | None = None
    expiry: str | None = None
    site: str | None = None
    elsewhere: bool = False
    id: str = ""
    patient_id: str = ""
    entry: int = 0
    actor: str | None = None


def give(
    store: Store,
    now: Stamp,
    patient_id: str,
    dose: Dose,
    actor: str | None,
    *,
    visit: str | None = None,
) -> Dose:
    """Keep that a dose was given.

    Raises `InvalidForm`: "expiry" ("format", "expired"), "day" ("format", "future").
    """
    given = replace(dose, day=dose.day or birth.today_of(now).isoformat(), id=str(uuid7()))
    _check(given, birth.today_of(now))
    body: dict[str, object] = {
        "id": given.id,
        "patient": patient_id,
        "vaccine": given.vaccine,
        "dose": given.dose,
        "day": given.day,
    }
    more = {"batch": given.batch, "expiry": given.expiry, "site": given.site, "visit": visit}
    body |= {name: value for name, value in more.items() if value}
    if given.elsewhere:
        body["elsewhere"] = True
    with store.transaction():
        entry = journal.append(store, EntryKind.IMMUNIZATION, now, body, actor=actor)
        store.execute(
            "INSERT INTO immunization (entry, id, patient_id, vaccine, dose, day, batch, expiry,"
            " site, elsewhere, visit_id, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, given.id, patient_id, given.vaccine, given.dose, given.day, given.batch)
            + (given.expiry, given.site, int(given.elsewhere), visit, actor),
        )
    return replace(given, entry=entry, patient_id=patient_id, actor=actor)


def of_patient(store: Store, patient_id: str) -> list[Dose]:
    """Return the doses of a person under all their records, the earliest day first."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        "SELECT vaccine, dose, day, batch, expiry, site, elsewhere, id, patient_id, entry, actor"
        f" FROM immunization WHERE patient_id IN ({marks}) AND taken_back IS NULL"
        " ORDER BY day, entry",
        ids,
    )
    return [replace(Dose(*row), elsewhere=bool(row["elsewhere"])) for row in rows]


def expires(text: str) -> date:
    """Return the last day on which a vial may be used: of a month its last; raises `ValueError`."""
    if len(text) == len("YYYY-MM"):
        first = date.fromisoformat(f"{text}-01")
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return date.fromisoformat(text)


def _check(dose: Dose, today: date) -> None:
    try:
        day = date.fromisoformat(dose.day)
    except ValueError as error:
        raise InvalidForm({"day": "format"}) from error
    if day > today:
        raise InvalidForm({"day": "future"})
    if dose.expiry is None:
        return
    try:
        last = expires(dose.expiry)
    except ValueError as error:
        raise InvalidForm({"expiry": "format"}) from error
    if last < day:
        raise InvalidForm({"expiry": "expired"})
