"""`scripts/bench link [--quick] [--json]`: the whole comparison in one run, as ratios."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.link import limits, measures, peers
from benchmarks.link.healthpost import Box, Drained, Hospital, drain
from benchmarks.link.targets import TARGETS, Target
from hospital.archive_postgres import PostgresArchive

FULL = {"readings": 20_000, "kills": 6, "rounds": 5, "backlog": 1_000_000, "paced_s": 20}
QUICK = {"readings": 4_000, "kills": 2, "rounds": 3, "backlog": 100_000, "paced_s": 5}
Found = dict[str, Any]
Sizes = Mapping[str, int]


def run(as_json: bool, quick: bool = False) -> int:
    """Measure, print, and return 1 when Healthpost lost or doubled anything."""
    sizes = QUICK if quick else FULL
    found: Found = {"sizes": sizes, "load_before": os.getloadavg(), "skipped": {}}
    with tempfile.TemporaryDirectory(prefix="healthpost-bench-") as folder:
        for measure in (_accept, _alone, _sqlite, _postgresql, _others, _raw):
            _guarded(measure.__name__[1:], partial(measure, Path(folder), sizes, found), found)
    found["load_after"] = os.getloadavg()
    rows = [_judged(target, found) for target in TARGETS]
    print(json.dumps({**found, "ratios": rows}, default=str) if as_json else _table(found, rows))
    return int(any(d["lost"] or d["doubled"] for d in found.get("ours", {}).values()))


def _guarded(name: str, measure: Callable[[], None], found: Found) -> None:
    """Measure; one figure that fails must not cost the others."""
    print(f"healthpost: measuring {name}", file=sys.stderr, flush=True)
    try:
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
    for name, peer in peers.PEERS.items():
        why = peers.missing(name)
        if why is not None:
            found["skipped"][name] = why
            continue
        for key, kill in ((name, False), (f"{name}, killed", True)):
            home = folder / key.replace(" ", "-")
            _guarded(key, partial(_other, peer, key, home, kill, sizes, found), found)


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
        box.accept(sizes["readings"], start=200_000, group=20)
        box.start()
        box.stop(9)
        hospital.start()
        results[f"{name}, killed"] = _told(drain(box, hospital, sizes["kills"]))
        if name == "sqlite":
            found["memory"] = measures.idle_memory(box)
    finally:
        box.close()
        hospital.stop()


def _told(drained: Drained) -> Found:
    return {**asdict(drained), "rate": drained.rate}


def _judged(target: Target, found: Found) -> Found:
    try:
        value = target.value(found)
    except (KeyError, TypeError, ZeroDivisionError):
        return {"what": target.what, "value": None, "must": target.must, "verdict": "not measured"}
    return {
        "what": target.what,
        "value": value,
        "must": target.must,
        "aim": target.aim,
        "verdict": target.verdict(value),
    }


def _table(found: Found, rows: list[Found]) -> str:
    out = ["| what | measured | must | aim | |", "|---|---|---|---|---|"]
    for r in rows:
        value = "-" if r["value"] is None else f"{r['value']:.3g}"
        out.append(f"| {r['what']} | {value} | {r['must']} | {r.get('aim', '')} | {r['verdict']} |")
    out += ["", "| contender | accept/s | drain/s | wire B/reading | lost | doubled |"]
    out.append("|---|---|---|---|---|---|")
    for name, o in found.get("ours", {}).items():
        wire = o["wire_bytes"] / o["readings"]
        cells = f"| - | {o['rate']:.0f} | {wire:.1f} | {o['lost']} | {o['doubled']} |"
        out.append(f"| Healthpost, {name} {cells}")
    for name, p in found.get("peers", {}).items():
        cells = f"| {p['accept_rate']:.0f} | {p['drain_rate']:.0f} | {p['wire_per_reading']:.1f} "
        out.append(f"| {name} {cells}| {p['lost']} | {p['doubled']} |")
    out += ["", f"load average {found['load_before']} before, {found['load_after']} after"]
    out += [f"skipped: {name}: {why}" for name, why in found["skipped"].items()]
    return "\n".join(out)
