"""`scripts/bench link [--quick] [--json]`: the whole comparison in one run, as ratios.

What takes too long is ended and named as skipped; all together stays below 25 minutes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.link import contenders, limits, measures, meter, peers
from benchmarks.link.healthpost import Box, Drained, Hospital, drain
from benchmarks.link.report import is_amiss, judged, markdown
from hospital.archive.postgres import PostgresArchive

FULL = {"readings": 20_000, "kills": 6, "rounds": 5, "backlog": 1_000_000, "paced_s": 20}
QUICK = {"readings": 4_000, "kills": 2, "rounds": 3, "backlog": 100_000, "paced_s": 5}
OURS_S, PEER_S, TOTAL_S = 400, 150, 1_380
"""One measure of ours, one run of a peer, and everything, at the most."""

Found = dict[str, Any]
Sizes = Mapping[str, int]


def run(as_json: bool, quick: bool = False) -> int:
    """Measure, print, and return 1 when Healthpost lost or doubled anything."""
    sizes = QUICK if quick else FULL
    found: Found = {"sizes": sizes, "load_before": os.getloadavg(), "skipped": {}}
    found["began"] = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="healthpost-bench-") as folder:
        for measure in (_accept, _alone, _sqlite, _postgresql, _others, _raw):
            work = partial(measure, Path(folder), sizes, found)
            _guarded(measure.__name__[1:], work, found, None if measure is _others else OURS_S)
    found["load_after"] = os.getloadavg()
    found["took_s"] = round(time.monotonic() - found.pop("began"))
    rows = judged(found)
    print(json.dumps({**found, "ratios": rows}, default=str) if as_json else markdown(found, rows))
    return int(is_amiss(found))


def _guarded(name: str, measure: Callable[[], None], found: Found, within_s: float | None) -> None:
    """Measure; one figure that fails or never comes must not cost the others."""
    print(f"healthpost: measuring {name}", file=sys.stderr, flush=True)
    left_s = TOTAL_S - (time.monotonic() - found["began"])
    try:
        if left_s < 1:
            raise meter.Overdue(f"the run's {TOTAL_S} s are over")
        with nullcontext() if within_s is None else meter.limit(min(within_s, left_s), name):
            measure()
    except Exception as error:
        traceback.print_exc()
        found["skipped"][name] = f"{type(error).__name__}: {error}"


def _accept(folder: Path, sizes: Sizes, found: Found) -> None:
    count = sizes["readings"]
    one, many = measures.accept_ratios(folder, count // 20, sizes["rounds"])
    found["accept"] = {"one": one, "sixteen": many}
    found["slow_disk"] = measures.slow_disk(folder, sizes["paced_s"])
    for group in (1, 20, 100):
        written, cpu = measures.flash(folder, count // 4, group)
        found.setdefault("flash", {})[group] = {"written": written, "cpu_ms": cpu}


def _alone(folder: Path, sizes: Sizes, found: Found) -> None:
    ours, plain = measures.lone_alert(folder)
    found["alert"] = {"ours": ours, "plain": plain}
    found["backlog"] = measures.backlog(folder, [1_000, sizes["backlog"]])


def _sqlite(folder: Path, sizes: Sizes, found: Found) -> None:
    _ours(folder / "sqlite", "sqlite", sizes, found)


def _postgresql(folder: Path, sizes: Sizes, found: Found) -> None:
    count = sizes["readings"]
    with limits.postgres() as fresh:
        found["copy"] = limits.copy_rate(fresh(), count)
        archive = PostgresArchive.open(fresh())
        found["receive"] = measures.receive_rate(archive, count)
        archive.close()
        _ours(folder / "postgresql", fresh(), sizes, found)


def _others(folder: Path, sizes: Sizes, found: Found) -> None:
    for name, peer in contenders.PEERS.items():
        why = contenders.missing(name)
        if why is not None:
            found["skipped"][name] = why
            continue
        for key, kill in ((name, False), (f"{name}, killed", True)):
            home = folder / key.replace(" ", "-")
            work = partial(_other, peer, key, home, kill, sizes, found)
            _guarded(key, work, found, PEER_S)


def _other(
    peer: type[peers.Peer], key: str, home: Path, kill: bool, sizes: Sizes, found: Found
) -> None:
    outcome = peer(home, sizes["readings"]).run(kill=kill)
    found.setdefault("peers", {})[key] = asdict(outcome)


def _raw(folder: Path, sizes: Sizes, found: Found) -> None:
    found["paho"] = limits.paho_rate(folder / "paho", sizes["readings"], 20)


def _ours(folder: Path, archive: str, sizes: Sizes, found: Found) -> None:
    name = "postgresql" if archive.startswith("postgresql") else "sqlite"
    folder.mkdir()
    hospital = Hospital(folder / "hospital", archive)
    hospital.start()
    box = Box(folder / "box", hospital)
    results: Found = found.setdefault("ours", {})
    try:
        box.accept(sizes["readings"], group=20)
        results[name] = _told(drain(box, hospital))
        found.setdefault("wire", {})[name] = measures.wire_in_batches(box, hospital, 20, 20)
        # A box that boots with no way to its hospital, and is killed again and again.
        hospital.stop()
        box.start()
        some = sizes["readings"] // 10
        found.setdefault("accept_killed", {})[name] = box.accept_killed(
            some, 200_000, 2 * sizes["kills"]
        )
        box.accept(sizes["readings"] - some, start=200_000 + some, group=20)
        box.stop(9)
        hospital.start()
        results[f"{name}, killed"] = _told(drain(box, hospital, sizes["kills"]))
        if name == "sqlite":
            found["memory"] = measures.idle_memory(box)
    finally:
        box.close()
        hospital.stop()


def _told(drained: Drained) -> Found:
    return {**asdict(drained), "rate": drained.rate, "broker_rate": drained.broker_rate}
