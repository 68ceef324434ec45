"""Decodes per second beside the libraries that a user would pick, and how often each is right.

Every library has a process of its own; one works at a time, in slices of 60 ms of processor time,
in an order that turns with every round. A ratio is taken within a round and the median of all
rounds is told, so a busy machine slows both sides of it. Correctness counts clinical numbers on
`tests/vectors`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORKER = Path(__file__).with_name("decode_worker.py")
ROUNDS = 7
OURS = "healthpost"
YARDSTICK = "bare struct"
PEERS = {
    "bluetooth-sig": "0.6.0",
    "labmcp-ble-health": "0.1.3",
    "bleak-sigspec": "0.0.4",
    "berry-oximeter": "0.0.3",
    "astm-2025": "1.0.0",
}
WORDS = ("right", "wrong", "missing", "refused", "taken")


@dataclass(frozen=True, slots=True)
class Speed:
    """One library on one case: median decodes per second, and its rate over ours by rounds."""

    per_s: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.ratios)


class Library:
    """A library in its own process."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, str(WORKER), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        ready = self.ask("ready")
        self.claims: list[str] = ready["claims"]
        self.able: list[str] = ready["able"]

    def ask(self, what: str, *arguments: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"ask": what, "with": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


def run(as_json: bool) -> int:
    libraries = _libraries()
    try:
        speeds = _race(libraries)
        verdicts = {library.name: _judge(library) for library in libraries}
    finally:
        for library in libraries:
            library.close()
    told = _told(libraries, speeds, verdicts)
    print(json.dumps(told) if as_json else _table(told))
    return 0


def _libraries() -> list[Library]:
    peers = Path(os.environ.get("HEALTHPOST_PEERS", ROOT / ".venv-peers")) / "bin" / "python"
    libraries = [Library(OURS, sys.executable), Library(YARDSTICK, sys.executable)]
    if peers.exists():
        return libraries + [Library(name, str(peers)) for name in PEERS]
    print(f"no peers in {peers.parent.parent}: `scripts/bench decode` brings them", file=sys.stderr)
    return libraries


def _race(libraries: list[Library]) -> dict[tuple[str, str], Speed]:
    rates: dict[tuple[str, str], list[float]] = {}
    cases = libraries[0].able
    for turn in range(ROUNDS):
        for case in cases:
            able = [library for library in libraries if case in library.able]
            start = turn % len(able)
            for library in able[start:] + able[:start]:
                rate = library.ask("time", case)["per_s"]
                rates.setdefault((library.name, case), []).append(rate)
    return {
        (name, case): Speed(
            median(found),
            tuple(one / ours for one, ours in zip(found, rates[OURS, case], strict=True)),
        )
        for (name, case), found in rates.items()
    }


def _judge(library: Library) -> dict[str, Counter[str]]:
    """Return verdicts by what they are about: a characteristic or a protocol."""
    vectors = [
        vector
        for file in ("ble", "serial")
        for vector in json.loads((ROOT / f"tests/vectors/{file}.json").read_text())["vectors"]
        if _about(vector) in library.claims and vector.get("direction") != "host->device"
    ]
    found: dict[str, Counter[str]] = {}
    told = library.ask("judge", vectors)["verdicts"]
    for vector, (_, verdict) in zip(vectors, told, strict=True):
        found.setdefault(_about(vector), Counter())[verdict] += 1
    return found


def _about(vector: dict[str, Any]) -> str:
    return str(vector.get("char") or vector.get("protocol"))


def _told(
    libraries: list[Library],
    speeds: dict[tuple[str, str], Speed],
    verdicts: dict[str, dict[str, Counter[str]]],
) -> dict[str, Any]:
    rows = [
        {
            "library": library.name,
            "version": PEERS.get(library.name, ""),
            "speed": {
                case: {
                    "ratio": round(speed.ratio, 3),
                    "ratios": [round(min(speed.ratios), 3), round(max(speed.ratios), 3)],
                    "per_s": round(speed.per_s),
                }
                for (name, case), speed in speeds.items()
                if name == library.name
            },
            "unable": [case for case in libraries[0].able if case in _failed(library)],
            "vectors": {about: dict(found) for about, found in verdicts[library.name].items()},
            "correct": sum((found["right"] for found in verdicts[library.name].values()), 0),
            "total": sum(sum(found.values()) for found in verdicts[library.name].values()),
        }
        for library in libraries
    ]
    return {"rounds": ROUNDS, "python": sys.version.split()[0], "libraries": rows}


def _failed(library: Library) -> set[str]:
    return set(library.claims) - set(library.able)


def _table(told: dict[str, Any]) -> str:
    lines = ["| library | case | speed, healthpost = 1 | rounds | decodes per CPU second | right |"]
    lines.append("|---|---|--:|--:|--:|--:|")
    for row in told["libraries"]:
        for case in told["libraries"][0]["speed"]:
            speed, counts = row["speed"].get(case), row["vectors"].get(case)
            if speed is None and case not in row["unable"]:
                continue
            lines.append(
                f"| {row['library']} {row['version']} | {case} | {_figures(speed, counts)} |"
            )
    lines += [
        "",
        "| library | right | " + " | ".join(WORDS[1:]) + " |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in told["libraries"]:
        sums: Counter[str] = Counter()
        for found in row["vectors"].values():
            sums.update(found)
        rest = " | ".join(str(sums[word]) for word in WORDS[1:])
        lines.append(
            f"| {row['library']} {row['version']} | {row['correct']}/{row['total']} | {rest} |"
        )
    return "\n".join(lines)


def _figures(speed: dict[str, Any] | None, counts: dict[str, int] | None) -> str:
    right = f"{counts.get('right', 0)}/{sum(counts.values())}" if counts else ""
    if speed is None:
        return f"cannot | | | {right}"
    low, high = speed["ratios"]
    return f"{speed['ratio']:.2f} | {low:.2f}–{high:.2f} | {speed['per_s']:,} | {right}"
