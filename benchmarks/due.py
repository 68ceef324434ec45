"""What the list of who should come costs with 50,000 people, beside one durable reading.

The list is what the kiosk's page asks for: the counts of all lists, twenty people of the overdue
with who they are and their last blood pressure. Beside it stands reckoning anew who is overdue,
from the entries of everybody, as it would be without the table of `edge.care.follow_up`; it is
measured on a part of the people and counted up.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from uuid_utils import uuid7

from benchmarks.link.readings import readings
from edge.care import courses, episodes, follow_up, library, plan
from edge.model.clock import ClockQuality, Stamp
from edge.model.reading import Kind
from edge.patients import register
from edge.readings import history, intake
from edge.store.store import Store

PEOPLE, LOOKS, PAGE = 50_000, 60, 20
PART = 500
"""People of whom it is reckoned anew; the time is counted up to all."""

P95_MS = 300
AT = Stamp(3, 1_000, 1_795_320_000_000, ClockQuality.NTP)
TODAY = AT.wall.astimezone().date()
IN_USE = library.load(None)


def run(as_json: bool) -> int:
    """Measure and print; return 1 when the list takes longer than it may."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        store = Store.create(Path(folder) / "box.db", "box-bench")
        fill(store)
        row = _measured(store)
        store.close()
    if as_json:
        print(json.dumps(row))
    else:
        for name, value in row.items():
            print(f"{name}: {value}")
    return int(float(str(row["the list, p95, ms"])) > P95_MS)


def fill(store: Store) -> None:
    """Enrol everybody on some day of the last year, a third of them measured since."""
    chance = random.Random(7)
    made = iter(readings(PEOPLE, AT))
    for first in range(0, PEOPLE, 1000):
        with store.transaction():
            for number in range(first, first + 1000):
                _person(store, number, chance, made)
        while follow_up.settle_waiting(store, AT, IN_USE):
            pass


def _person(store: Store, number: int, chance: random.Random, made: object) -> None:
    person = str(uuid7())
    store.execute(
        "INSERT INTO patient (id, rev, name, sex, birth, village, phone, more)"
        " VALUES (?, 1, ?, 'female', '1970', ?, ?, '{}')",
        (person, f"Person {number}", f"Village {number % 300}", f"0301{number:07}"),
    )
    since = TODAY - timedelta(days=chance.randrange(1, 380))
    word = chance.choice(["hypertension", "diabetes"])
    episodes.enrol(store, AT, person, word, None, day=since.isoformat())
    if number % 3 == 0:
        entry = intake.accept(store, next(made)).entry  # type: ignore[call-overload]
        store.execute("UPDATE reading SET patient_id = ? WHERE entry = ?", (person, entry))


def look(store: Store, today: date, skip: int) -> int:
    """Ask for one page as the kiosk does; return how many people it has."""
    follow_up.settle_waiting(store, AT, IN_USE)
    follow_up.counts(store, today)
    found = follow_up.page(store, "overdue", today, skip, PAGE)
    for row in found:
        register.get(store, row.patient_id)
        history.of_kind(store, [row.patient_id], Kind.BLOOD_PRESSURE, limit=3)
    return len(found)


def reckon(store: Store, people: list[str], today: date) -> int:
    """Say who of these is overdue from their entries alone."""
    late = 0
    for person in people:
        for episode in episodes.of_patient(store, person):
            course = courses.of_episode(store, IN_USE, episode)
            due = plan.plan(IN_USE.programmes[episode.programme], course).due
            late += due is not None and due < today
    return late


def _measured(store: Store) -> dict[str, object]:
    late = follow_up.counts(store, TODAY)["overdue"]
    people = [row["patient_id"] for row in store.rows("SELECT patient_id FROM follow_up LIMIT ?",
                                                      (PART,))]  # fmt: skip
    made = iter(readings(LOOKS + 10, AT))
    looks: list[float] = []
    pairs: list[float] = []
    for number in range(LOOKS):
        taken = _timed(partial(look, store, TODAY, number * 97 % max(late, 1)))
        looks.append(taken)
        pairs.append(taken / _timed(lambda: intake.accept(store, next(made))))
    anew = _timed(partial(reckon, store, people, TODAY)) * PEOPLE / PART
    return {
        "people": PEOPLE,
        "overdue": late,
        "the list, median, ms": round(median(looks), 1),
        "the list, p95, ms": round(quantiles(looks, n=20)[-1], 1),
        "the list beside a durable reading, ratio": round(median(pairs), 1),
        "reckoned anew from the entries, beside the list, ratio": round(anew / median(looks)),
    }


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
