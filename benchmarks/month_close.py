"""Closing a month on a box with 50,000 patients, beside the same hypertension numbers by SQL.

The box's file is made anew: each patient is enrolled and came four times within two years, each
time with a pressure, a note and the next appointment. The peer is SQLite itself, asked for the
hypertension numbers alone over the same rows, in the manner of HEARTS360's published queries.
Seconds are those of the processor: what a machine with nothing else to do needs.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from edge.model.clock import ClockQuality, Stamp
from edge.reports import box_facts, closing
from edge.reports.core import facts
from edge.store.store import Store

PATIENTS = 50_000
VISITS = 4
MONTH = "2027-11"
GOAL_S = 60
NOW = Stamp(1, 1, 1_828_008_000_000, ClockQuality.NTP)  # 2027-12-05

_SQL = """
WITH bp AS (
  SELECT patient, day, entry, json_extract(data, '$.values[0][1]') < 140
    AND json_extract(data, '$.values[1][1]') < 90 AS controlled FROM fact WHERE kind = 'reading'),
who AS (SELECT patient, min(day) AS since FROM fact WHERE kind = 'programme' GROUP BY patient),
last AS (
  SELECT patient, day, controlled, row_number() OVER (PARTITION BY patient
    ORDER BY day DESC, entry DESC) AS place FROM bp WHERE day < '2027-12-01')
SELECT count(*), sum(l.day >= '2026-12'), sum(since < '2027-09' AND l.day >= '2027-09'
  AND controlled), sum(since < '2027-09' AND l.day >= '2027-09' AND NOT controlled)
FROM who LEFT JOIN last l ON l.patient = who.patient AND l.place = 1
"""


def run(as_json: bool, patients: int = PATIENTS) -> int:
    """Measure and print; return 0 when the month was closed within the goal."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder, "box.db"), "box-1")
        box_facts.state_offset(store, NOW, 0)
        _fill(store, patients)
        by_sql_s, _ = _timed(lambda: store.rows(_SQL)[0][0])
        close_s, stated = _timed(lambda: closing.close(store, NOW, MONTH, None))
        store.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"patients": patients, "facts": patients * (2 + 4 * VISITS), "close_s": close_s}
    found |= {"sql_s": by_sql_s, "ratio": round(close_s / by_sql_s, 1), "peak_mb": peak_mb}
    found["registered"] = stated.report["hearts360"]["registered"]
    print(json.dumps(found) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0 if close_s <= GOAL_S else 1


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.process_time()
    result = work()
    return round(time.process_time() - begun, 2), result


def _fill(store: Store, patients: int) -> None:
    chance = random.Random(1)
    with store.transaction():
        entry = 10
        for number in range(patients):
            who = f"01890000-0000-7000-8000-{number:012}"
            store.execute(
                "INSERT INTO patient (id, rev, name, sex, birth, phone, more) VALUES"
                " (?, 1, ?, ?, ?, ?, '{}')",
                (who, f"P {number}", ("female", "male")[number % 2], "1960", f"0301{number:07}"),
            )
            for kind, day, visit, data in _lived(chance, number):
                entry += 1
                store.execute(
                    "INSERT INTO fact (entry, id, kind, day, patient, visit, wall_ms, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (entry, f"{entry:x}", kind, day, who, visit, entry, json.dumps(data)),
                )
        store.execute("UPDATE facts_reach SET version = ?", (facts.VERSION,))


def _lived(chance: random.Random, number: int) -> Iterator[tuple[str, str, str, object]]:
    day = date(2025, 12, 1) + timedelta(days=chance.randrange(500))
    yield "patient", day.isoformat(), "", {}
    yield (
        "programme",
        day.isoformat(),
        "",
        {"episode": f"e{number}", "programme": "hypertension", "state": "enrolled"},
    )
    for place in range(VISITS):
        visit, upper = f"v{number}-{place}", str(chance.randrange(110, 180))
        values = [["8480-6", upper, "mm[Hg]"], ["8462-4", "80", "mm[Hg]"]]
        due = (day + timedelta(days=60)).isoformat()
        yield "visit-opened", day.isoformat(), visit, {"mode": "worker", "number": 1}
        yield (
            "reading",
            day.isoformat(),
            visit,
            {"kind": "blood-pressure", "source": "device", "device": "c", "values": values},
        )
        yield "visit-note", day.isoformat(), visit, {"set": {"outcome": "home"}}
        yield (
            "appointment",
            day.isoformat(),
            visit,
            {"appointment": visit, "due": due, "state": "booked", "programme": "hypertension"},
        )
        day += timedelta(days=chance.randrange(40, 120))
