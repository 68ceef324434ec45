"""What a frame costs the hospital's worker: frames made to be costly, beside an ordinary full one.

All are opened, read and entered into an archive in turn, in one process; the median of all rounds
is told, as processor time and as a multiple of 2,000 ordinary readings in the same round.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median

import cbor2
import zstandard

from edge.model.entry import canonical_json
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from sync import packing
from sync.keys.keys import BoxKeys

ROUNDS = 7
NOW_MS = 1_795_320_000_000
BOX = Box("box-one", "Thar", BoxKeys.generate().public, "0a", NOW_MS)
ORDINARY = "2,000 readings"
FULL = packing.MAX_INFLATED_BYTES - 16

Records = list[bytes]


def record(kind: str, number: int, body: dict[str, object]) -> bytes:
    """Return a record; `number` makes it differ from others."""
    at = [1, number, NOW_MS + number, "ntp"]
    return canonical_json({"kind": kind, "body": body, "at": at, "actor": "w"})


def reading(number: int, values: int = 2, digits: str = "120") -> bytes:
    rows = [["8480-6", digits, "mm[Hg]"]] * values
    return record("reading", number, {"kind": "x", "source": "y", "values": rows, "patient": "p"})


def edit(number: int, **fields: object) -> bytes:
    return record("patient", number, {"patient": "p", "rev": number + 1, "name": "A"} | fields)


def record_sets() -> dict[str, Records]:
    """Return what is entered: each set fits a frame."""
    wide = [reading(n, values=64) for n in range(2000)]
    while sum(map(len, wide)) > packing.MAX_RECORDS_BYTES:
        wide = wide[: len(wide) * 9 // 10]
    added = [{"add": [f"a{n}-{m}" for m in range(60)]} for n in range(30)]
    return {
        ORDINARY: [reading(n) for n in range(2000)],
        "readings of 64 values": wide,
        "readings that are refused": [reading(n, digits="1E+999") for n in range(2000)],
        "edits of one patient": [edit(n, village=f"v{n}") for n in range(1000)],
        "edits of one patient, the last refused": [
            *(edit(n, village=f"v{n}") for n in range(999)),
            record("patient", 999, {"patient": "q", "rev": 1}),
        ],
        "1,800 allergies of one patient": [edit(n, allergies=a) for n, a in enumerate(added)],
        "assignments": [record("claim", n, {"reading": f"r{n}"}) for n in range(2000)],
    }


def payloads() -> dict[str, bytes]:
    """Return payloads that take long to read, inflated to the limit."""
    bodies = {
        "payload of empty lists": [[]] * FULL,
        "payload of nested lists": [[[[[[[]]]]]]] * (FULL // 8),
        "payload of ones": [1] * FULL,
    }
    # As a box of ours would compress it.
    pressed = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=1
        )
    )
    dumped = {name: cbor2.dumps(body, canonical=True) for name, body in bodies.items()}
    return {name: b"\x01" + pressed.compress(body) for name, body in dumped.items()}


def entering(records: Records) -> float:
    """Enter records into an archive of their own; return the processor seconds of that."""
    with tempfile.TemporaryDirectory() as folder:
        archive = SqliteArchive.open(Path(folder) / "archive.db")
        with archive.transaction():
            boxes.enter(archive, BOX)
        begun = time.process_time()
        with archive.transaction():
            apply.keep(archive, BOX, (1, "c", 1), records, NOW_MS)
        taken = time.process_time() - begun
        archive.close()
    return taken


def reading_of(payload: bytes) -> float:
    """Read a payload, which is refused; return the processor seconds of that."""
    begun = time.process_time()
    with suppress(packing.CodecError):
        packing.unpack(payload)
    return time.process_time() - begun


def compare(rounds: int) -> dict[str, dict[str, float]]:
    """Return by frame: milliseconds, and how many ordinary full frames that is."""
    costs: dict[str, Callable[[], float]] = {
        name: partial(entering, records) for name, records in record_sets().items()
    }
    costs |= {name: partial(reading_of, payload) for name, payload in payloads().items()}
    taken = [{name: cost() for name, cost in costs.items()} for _ in range(rounds + 1)][1:]
    return {
        name: {
            "ms": round(median(t[name] for t in taken) * 1000, 1),
            "times_ordinary": round(median(t[name] / t[ORDINARY] for t in taken), 2),
        }
        for name in costs
    }


def run(as_json: bool) -> int:
    """Measure and print the figures."""
    found = compare(ROUNDS)
    if as_json:
        print(json.dumps(found))
        return 0
    print("| frame | processor ms | times an ordinary full frame |")
    print("|---|--:|--:|")
    for name, f in found.items():
        print(f"| {name} | {f['ms']} | {f['times_ordinary']} |")
    return 0
