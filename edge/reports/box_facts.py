"""The box's facts for reports: taken from its journal once, kept when the journal is pruned.

The table can be made anew from the journal at any time; facts of entries that are pruned stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

from edge.model import patient_fields
from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind, content_ids
from edge.reports.core import facts, indicators, months
from edge.reports.core.facts import READERS, UTC_OFFSET, Fact, Origin, facts_of
from edge.reports.core.indicators import Report
from edge.reports.core.people import Person, person
from edge.reports.core.settled import Settled, settle
from edge.reports.loading import many_objects, parse_once, share_texts
from edge.store import journal
from edge.store.store import Row, Store

BATCH = 2_000
"""So many entries are read in one transaction, which other processes wait for."""

PORTION = 20_000
"""So many facts are taken from the file at a time."""

_VISIT, _SETTING = EntryKind.VISIT_OPENED.value, EntryKind.SETTING.value
_COLUMNS = "entry, id, kind, day, patient, visit, wall_ms, data"


def catch_up(store: Store) -> int:
    """Take the facts of the entries since the last time; return how many entries were read.

    Doing it again changes nothing. A release that keeps other facts reads what is there anew.
    """
    read = 0
    while True:
        count = _batch(store)
        read += count
        if count < BATCH:
            return read


def load(store: Store) -> list[Fact]:
    """Return all facts of the box; those of a record that was sent in other words stand once."""
    catch_up(store)
    return _load(store, "1 = 1", ())


def settled_day(store: Store, day: str) -> Settled:
    """Return the facts of the visits of a day, settled: enough for the register of that day."""
    catch_up(store)
    found = _load(
        store,
        "kind IN ('setting', 'claim', 'confirm', 'taken-back', 'visit-moved')"
        " OR visit IN (SELECT visit FROM fact WHERE kind = 'visit-moved'"
        " OR (kind = 'visit-opened' AND day IN (?, '')))",
        (day,),
    )
    return settle(found, people(store))


def _load(store: Store, where: str, values: tuple[str, ...]) -> list[Fact]:
    box = store.box_id()
    with many_objects():
        parsed, same = parse_once(), share_texts()
        return [
            Fact(
                r[1],
                box,
                (0, r[0]),
                same(r[2]),
                same(r[3]),
                same(r[4]),
                same(r[5]),
                r[6],
                parsed(r[7]),
            )
            for rows in _portions(store, where, values)
            for r in rows
        ]


def people(store: Store) -> dict[str, Person]:
    """Return everybody whom the box knows, as the hospital and its own edits say."""
    rows = store.rows("SELECT * FROM patient")
    return {
        row["id"]: person(row["id"], patient_fields.from_columns(row), row["replaced_by"])
        for row in rows
    }


def settled(store: Store) -> Settled:
    """Return all facts of the box, settled."""
    with many_objects():
        return settle(load(store), people(store))


def report(store: Store, month: str) -> Report:
    """Return the box's report of a month, `YYYY-MM`."""
    with many_objects():
        return indicators.report(load(store), people(store), month)


def first_month(store: Store) -> str:
    """Return the month of the first visit, "" when there was none yet."""
    found = store.row("SELECT min(day) AS day FROM fact WHERE kind = ? AND day <> ''", (_VISIT,))
    return "" if found is None or not found["day"] else str(found["day"])[:7]


def today(store: Store, now: Stamp) -> str:
    """Return the clinic's calendar day, by its own stated offset from UTC."""
    return months.local_day(now.wall_ms, stated_offset(store) or 0)


def stated_offset(store: Store) -> int | None:
    """Return how many minutes the clinic's clocks are ahead of UTC; None: nobody has stated it."""
    catch_up(store)
    rows = store.rows("SELECT data FROM fact WHERE kind = ? ORDER BY entry", (_SETTING,))
    return int(json.loads(rows[-1]["data"])["offset"]) if rows else None


def state_offset(store: Store, now: Stamp, wanted: int | None, rev: int = 0) -> int:
    """State the clinic's offset from UTC in the journal when it is another one than before.

    None is wanted: what was stated stays, at first that of the machine, which the screens show.
    `rev` is the revision of the hospital's setting, where it made one. Returns the offset.
    """
    before = stated_offset(store)
    if wanted is None:
        here = now.wall.astimezone().utcoffset() or timedelta(0)
        wanted = int(here.total_seconds()) // 60 if before is None else before
    if wanted != before:
        said = {"key": UTC_OFFSET, "rev": rev, "outcome": "applied", "value": str(wanted)}
        with store.transaction():
            journal.append(store, EntryKind.SETTING, now, said)
    return wanted


def _portions(store: Store, where: str, values: tuple[str, ...]) -> Iterator[list[Row]]:
    after = 0
    while rows := store.rows(
        f"SELECT {_COLUMNS} FROM fact WHERE entry > ? AND ({where}) AND entry NOT IN"
        " (SELECT entry FROM poison WHERE repaired_as IS NOT NULL) ORDER BY entry LIMIT ?",
        (after, *values, PORTION),
    ):
        after = rows[-1]["entry"]
        yield rows


def _batch(store: Store) -> int:
    after = _reach(store)
    if after is not None and after >= store.journal_position():
        return 0  # the usual case takes no write lock
    with store.transaction():
        after = _reach(store)
        rows = store.rows(
            "SELECT id, kind, record FROM journal WHERE id > ? ORDER BY id LIMIT ?",
            (after or 0, BATCH),
        )
        if not rows and after is not None:
            return 0
        for fact in _facts(store.box_id(), rows):
            store.execute(
                f"INSERT OR REPLACE INTO fact ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (fact.order[1], fact.id, fact.kind, fact.day, fact.patient, fact.visit)
                + (fact.wall_ms, json.dumps(fact.data, sort_keys=True)),
            )
        store.execute(
            "INSERT OR REPLACE INTO facts_reach (one, entry, version) VALUES (1, ?, ?)",
            (rows[-1]["id"] if rows else 0, facts.VERSION),
        )
    return len(rows)


def _reach(store: Store) -> int | None:
    """Return the last entry that was read; 0 when a new release has to read all of them again."""
    row = store.row("SELECT entry, version FROM facts_reach")
    if row is None:
        return None
    return int(row["entry"]) if row["version"] == facts.VERSION else 0


def _facts(box: str, rows: Iterable[Row]) -> list[Fact]:
    wanted = [(r["id"], r["record"].encode("utf-8")) for r in rows if r["kind"] in READERS]
    found = []
    identities = content_ids(box, (record for _, record in wanted))
    for (number, record), identity in zip(wanted, identities, strict=True):
        try:
            entry = Entry.parse(record)
        except ValueError:
            continue  # damaged on the disk: the hospital has a tombstone for it
        fact = facts_of(
            entry.kind, entry.body, entry.at, Origin(identity, box, (0, number), entry.actor or "")
        )
        if fact is not None:
            found.append(fact)
    return found
