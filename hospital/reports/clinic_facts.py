"""The facts of a clinic's boxes for reports, taken once from each kept record.

They are made anew from the records whenever a release keeps other facts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from edge.model import patient_fields
from edge.model.entry import Entry
from edge.reports.core import facts
from edge.reports.core.facts import READERS, Fact, Origin, facts_of
from edge.reports.core.people import Person, person
from edge.reports.loading import many_objects, parse_once, share_texts
from hospital.archive import Archive, Row, row

_COLUMNS = ("box", "id", "epoch", "seq", "kind", "day", "patient", "visit", "wall_ms", "data")
PORTION = 5_000
"""So many records are read at a time."""

PEOPLE_AT_ONCE = 500
_NOTHING = ""
"""The kind of a record from which nothing is counted."""


def boxes(archive: Archive, clinic: str) -> list[str]:
    """Return the ids of all boxes that a clinic ever had, those that were replaced too."""
    rows = archive.rows("SELECT id FROM box WHERE clinic = ? ORDER BY id", (clinic,))
    return [r["id"] for r in rows]


def load(archive: Archive, box_ids: Sequence[str]) -> list[Fact]:
    """Return the facts of some boxes, after those of records that came since the last time."""
    found: list[Fact] = []
    with many_objects():
        parsed, same = parse_once(), share_texts()
        for box in box_ids:
            catch_up(archive, box)
            for rows in _portions(archive, box):
                found += [_fact(r, parsed, same) for r in rows if r["kind"] != _NOTHING]
    return found


def people(archive: Archive, found: Iterable[Fact]) -> dict[str, Person]:
    """Return the people whom facts are about, and those who stand for them."""
    wanted = {fact.patient for fact in found if fact.patient}
    wanted |= {str(fact.data["to"]) for fact in found if fact.data.get("to")}
    kept = {
        r["duplicate"]: r["kept"]
        for r in archive.rows("SELECT duplicate, kept FROM patient_link WHERE undone_ms IS NULL")
    }
    wanted |= {kept[patient] for patient in wanted & kept.keys()}
    return {
        r["id"]: person(r["id"], patient_fields.from_columns(r), kept.get(r["id"]))
        for r in _patients(archive, sorted(wanted))
    }


def _patients(archive: Archive, ids: Sequence[str]) -> Iterator[Row]:
    for first in range(0, len(ids), PEOPLE_AT_ONCE):
        some = ids[first : first + PEOPLE_AT_ONCE]
        marks = ", ".join("?" * len(some))
        yield from archive.rows(f"SELECT * FROM patient WHERE id IN ({marks})", some)


def catch_up(archive: Archive, box: str) -> None:
    """Take the facts of a box's records that came since the last time, in any order."""
    arrivals = row(archive, "SELECT arrivals FROM box WHERE id = ?", (box,))
    if arrivals is None:
        return
    reach = row(archive, "SELECT arrivals, version FROM facts_reach WHERE box = ?", (box,))
    now = (arrivals["arrivals"], facts.VERSION)
    if reach is not None and (reach["arrivals"], reach["version"]) == now:
        return
    if reach is not None and reach["version"] != facts.VERSION:
        with archive.transaction():
            archive.execute("DELETE FROM fact WHERE box = ?", (box,))
    after: str | None = ""
    while after is not None:
        after = _portion(archive, box, after)
    with archive.transaction():
        archive.execute(
            "INSERT INTO facts_reach (box, arrivals, version) VALUES (?, ?, ?)"
            " ON CONFLICT (box) DO UPDATE SET arrivals = excluded.arrivals,"
            " version = excluded.version",
            (box, *now),
        )


def _portion(archive: Archive, box: str, after: str) -> str | None:
    """Take the facts of the next records by their ids; return the last one's, None at the end."""
    kinds = ", ".join("?" * len(READERS))
    rows = archive.rows(
        "SELECT r.id, r.epoch, r.seq, r.kind, r.record FROM record r WHERE r.box = ? AND r.id > ?"
        f" AND r.kind IN ({kinds})"
        " AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.box = r.box AND f.id = r.id)"
        " ORDER BY r.id LIMIT ?",
        (box, after, *sorted(READERS), PORTION),
    )
    if not rows:
        return None
    with archive.transaction():
        archive.insert_new("fact", _COLUMNS, [_row(r, box) for r in rows])
    return str(rows[-1]["id"])


def _row(r: Row, box: str) -> tuple[object, ...]:
    fact = _read(r, box)
    place = (box, r["id"], r["epoch"], r["seq"])
    if fact is None:
        return (*place, _NOTHING, "", "", "", 0, "{}")
    data = json.dumps(fact.data, sort_keys=True)
    return (*place, fact.kind, fact.day, fact.patient, fact.visit, fact.wall_ms, data)


def _read(r: Row, box: str) -> Fact | None:
    try:
        entry = Entry.parse(bytes(r["record"]))
    except (ValueError, RecursionError):
        return None  # a tombstone, or no entry at all
    actor = entry.actor if isinstance(entry.actor, str) else ""
    origin = Origin(r["id"], box, (r["epoch"], r["seq"]), actor)
    return facts_of(r["kind"], entry.body, entry.at, origin)


def _portions(archive: Archive, box: str) -> Iterator[list[Row]]:
    after = ""
    while rows := archive.rows(
        f"SELECT {', '.join(_COLUMNS)} FROM fact WHERE box = ? AND id > ? ORDER BY id LIMIT ?",
        (box, after, 4 * PORTION),
    ):
        after = rows[-1]["id"]
        yield rows


def _fact(r: Row, parsed: Callable[[str], Mapping[str, Any]], same: Callable[[str], str]) -> Fact:
    place = (r["epoch"], r["seq"])
    kind, day, patient = same(r["kind"]), same(r["day"]), same(r["patient"])
    return Fact(
        *(r["id"], same(r["box"]), place, kind, day, patient, same(r["visit"])),
        r["wall_ms"],
        parsed(r["data"]),
    )
