"""What judging a visit costs: all rules for one person, beside one durable reading.

Both are done in turn in one process; a ratio is taken within a round, and the median of all rounds
is told, so that a busy machine slows both sides. A durable reading is what the box does when a cuff
has measured: one transaction with an fsync, as `edge.readings.intake.accept` does it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.link.readings import readings
from edge.model.clock import ClockQuality, Stamp
from edge.model.reading import Reading
from edge.readings import intake
from edge.rules import rules
from edge.rules.assessment import Status
from edge.rules.engine import assess
from edge.store.store import Store

ROUNDS = 101
AT = Stamp(3, 1_000, 1_795_320_000_000, ClockQuality.NTP)

PEOPLE: Mapping[str, Mapping[str, object]] = {
    "an adult with a cuff, an oximeter, a thermometer, a scale and a glucose meter": {
        "age_days": 20_000,
        "age_months": 657,
        "age_years": 54,
        "sex": "f",
        "pregnant": False,
        "altitude_m": 200,
        "smoker": False,
        "rr": 18,
        "spo2": 96,
        "o2": False,
        "sbp": 150,
        "dbp": 92,
        "hr": 88,
        "consciousness": "A",
        "temp_c": Decimal("37.2"),
        "weight_kg": 70,
        "height_cm": 160,
        "glucose": 130,
        "glucose_unit": "mg/dL",
        "glucose_kind": "fasting",
        "cvd_region": "south_asia",
    },
    "a child of 23 months, measured and weighed": {
        "age_days": 700,
        "age_months": 23,
        "age_years": 1,
        "sex": "m",
        "rr": 44,
        "spo2": 95,
        "hr": 130,
        "axillary_temp_c": Decimal("38.1"),
        "temp_c": Decimal("38.1"),
        "weight_kg": Decimal("9.5"),
        "height_cm": 82,
        "position": "lying",
        "muac_mm": 130,
        "bilateral_oedema": False,
        "altitude_m": 200,
    },
}
"""Whom the rules are judged for; nobody was asked about the signs of triage."""


def judge(facts: Mapping[str, object]) -> int:
    """Judge one person by every rule; return how many rules apply."""
    answers = [assess(rule, facts) for rule in rules().values()]
    return sum(answer.status is not Status.NOT_APPLICABLE for answer in answers)


def run(as_json: bool) -> int:
    """Measure and print; return 1 when judging costs more than one durable reading."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        store = Store.create(Path(folder) / "box.db", "box-bench")
        rows = _measured(store)
        store.close()
    if as_json:
        print(json.dumps(rows))
    else:
        print("| person | rules that apply | judging, ms | a durable reading, ms | ratio |")
        print("|---|--:|--:|--:|--:|")
        for row in rows:
            print("| {person} | {rules} | {judging} | {reading} | {ratio} |".format(**row))
    return int(any(float(str(row["ratio"])) > 1 for row in rows))


def _measured(store: Store) -> list[dict[str, object]]:
    made = iter(readings(ROUNDS * len(PEOPLE) + 10, AT))
    rows: list[dict[str, object]] = []
    for person, facts in PEOPLE.items():
        apply = judge(facts)  # the tables are read
        judging, reading = partial(judge, facts), partial(_accept, store, made)
        both = [(_timed(judging), _timed(reading)) for _ in range(ROUNDS)]
        rows.append(
            {
                "person": person,
                "rules": apply,
                "judging": round(median(judging for judging, _ in both), 2),
                "reading": round(median(reading for _, reading in both), 2),
                "ratio": round(median(judging / reading for judging, reading in both), 2),
            }
        )
    return rows


def _accept(store: Store, made: Iterator[Reading]) -> None:
    intake.accept(store, next(made))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)
