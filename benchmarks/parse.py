"""How fast the hospital takes journal records apart, beside another revision of this repository.

Both sides read the same records in turn, each in a process of its own; a ratio is taken within a
round and the median of all rounds is told, so a busy machine slows both sides of it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.link.readings import readings
from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import Entry, EntryKind
from edge.readings.bodies import reading_body
from hospital.receiving import handlers

ROOT = Path(__file__).resolve().parent.parent
AGAINST = "155ad0f"
"""The last revision that learnt regular expressions; its module had this name."""
THEIRS = "hospital.derive"
RECORDS, ROUNDS, SEED = 1000, 11, 7
AT = Stamp(3, 1_000, 1_795_320_000_000, ClockQuality.NTP)
PATIENTS = [f"01890000-0000-7000-8000-{number:012d}" for number in range(100)]
MEASURED = (
    ("oximetry", (("59408-5", "%"), ("8867-4", "/min"), ("61006-3", "%"))),
    ("temperature", (("8310-5", "Cel"),)),
    ("weight", (("29463-7", "kg"),)),
    ("glucose", (("15074-8", "mmol/L"),)),
    ("blood-pressure", (("8480-6", "mm[Hg]"), ("8462-4", "mm[Hg]"), ("8867-4", "/min"))),
)
WORKER = """
import importlib, json, sys, time
understand = importlib.import_module(sys.argv[1]).understand
sets = {name: [r.encode() for r in rows] for name, rows in json.loads(sys.stdin.readline()).items()}
for line in sys.stdin:
    records = sets[line.strip()]
    begun = time.process_time()
    for record in records:
        understand(record)
    print(time.process_time() - begun, flush=True)
"""


def record_sets() -> dict[str, list[str]]:
    """Return the records that are read: name of the set, canonical JSON of each."""
    pressures = readings(RECORDS, AT, of=PATIENTS)
    return {
        "blood pressures of one form": [
            _record(EntryKind.READING, reading_body(r), r.actor) for r in pressures
        ],
        "readings of many forms": list(_mixed()),
        "alerts": [_record(EntryKind.ALERT, _alert(n), None) for n in range(RECORDS)],
        "registrations": [_record(EntryKind.PATIENT, _person(n), "nurse1") for n in range(RECORDS)],
    }


def _record(kind: str, body: dict[str, object], actor: str | None) -> str:
    return Entry(kind, AT, body, actor).canonical().decode()


def _mixed() -> Iterator[str]:
    """Yield a clinic's readings: typed and measured, by many devices, with and without a visit."""
    chance = random.Random(SEED)
    for number in range(RECORDS):
        kind, values = chance.choice(MEASURED)
        rows = [[code, f"{chance.randrange(200, 2000) / 10}", unit] for code, unit in values]
        body: dict[str, object] = {"kind": kind, "source": "typed", "values": rows}
        if chance.random() < 0.7:
            when = f"2026-11-22T09:00:{number % 60:02d}"
            body |= {"source": "device", "device": f"ble:{number % 9}", "record": str(number)}
            body |= {"model": f"Model {chance.randrange(4)}", "time": when}
        if chance.random() < 0.2:
            body["quality"] = [chance.choice(["body_movement", "low_perfusion", "unchecked"])]
        if chance.random() < 0.8:
            body |= {"patient": chance.choice(PATIENTS), "visit": f"visit-{number // 8}"}
        yield _record(EntryKind.READING, body, f"nurse{chance.randrange(5)}")


def _alert(number: int) -> dict[str, object]:
    return {
        **{"rule": "news2-red", "level": "urgent", "parameter": "spo2", "bound": "91"},
        **{"value": ["59408-5", str(80 + number % 10), "%"], "reading": f"reading-{number}"},
        "patient": PATIENTS[number % len(PATIENTS)],
    }


def _person(number: int) -> dict[str, object]:
    about = {"sex": "female", "birth": "1960", "village": "Bhimdhunga"}
    return {"patient": f"patient-{number}", "rev": 1, "name": f"Sita Rai {number}", **about}


class Side:
    """A process that reads records by the code of one tree."""

    def __init__(self, tree: Path, module: str, sets: dict[str, list[str]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env={"PYTHONPATH": str(tree)},
        )
        self._say(json.dumps(sets))

    def seconds(self, name: str) -> float:
        """Read a set once; return the processor time that it took."""
        self._say(name)
        assert self._process.stdout
        return float(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def compare(
    tree: Path, module: str, sets: dict[str, list[str]], rounds: int
) -> dict[str, dict[str, float]]:
    """Return by set: microseconds a record, theirs and ours, and how many times faster ours is."""
    theirs, ours = Side(tree, module, sets), Side(ROOT, handlers.__name__, sets)
    try:
        taken = {
            name: [(theirs.seconds(name), ours.seconds(name)) for _ in range(rounds + 1)][1:]
            for name in sets
        }
    finally:
        theirs.close()
        ours.close()
    return {name: _figures(pairs, len(sets[name])) for name, pairs in taken.items()}


def _figures(pairs: Sequence[tuple[float, float]], records: int) -> dict[str, float]:
    return {
        "theirs_us": round(median(theirs for theirs, _ in pairs) / records * 1e6, 2),
        "ours_us": round(median(ours for _, ours in pairs) / records * 1e6, 2),
        "times_faster": round(median(theirs / ours for theirs, ours in pairs), 2),
    }


def run(as_json: bool, revision: str = AGAINST) -> int:
    """Compare with a revision and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["git", "archive", revision, "hospital", "edge", "sync"],
            check=True,
            capture_output=True,
            cwd=ROOT,
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        found = compare(Path(folder), THEIRS, record_sets(), ROUNDS)
    if as_json:
        print(json.dumps({"against": revision, "sets": found}))
        return 0
    print(f"| {RECORDS:,} records | {revision}, µs each | now, µs each | times faster |")
    print("|---|--:|--:|--:|")
    for name, f in found.items():
        print(f"| {name} | {f['theirs_us']} | {f['ours_us']} | {f['times_faster']} |")
    return 0
