"""What the link must reach and what it aims at, each a ratio taken in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Found = Mapping[str, Any]
TB, POUCH = "thingsboard-gateway", "PouchDB replication"


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table; `least` says that more is better."""

    what: str
    must: float
    aim: float
    value: Callable[[Found], float]
    least: bool = False

    def verdict(self, value: float) -> str:
        """Return how a value stands."""
        for word, bound in (("aim met", self.aim), ("must met", self.must)):
            if value >= bound if self.least else value <= bound:
                return word
        return "missed"


def _drain(found: Found, archive: str, rate: str = "rate") -> float:
    ours = found["ours"]
    runs = [ours[archive], ours[f"{archive}, killed"], found["accept_killed"][archive]]
    if any(run["lost"] or run["doubled"] for run in runs):
        raise KeyError("a drain that loses or doubles has no speed")
    return float(ours[archive][rate])


def _cpu(found: Found) -> float:
    run = found["ours"]["sqlite"]
    return float(found["flash"][20]["cpu_ms"] + run["cpu_box_s"] / run["readings"] * 1000)


def _flash(found: Found, group: int) -> float:
    run = found["ours"]["sqlite"]
    return float(found["flash"][group]["written"] + run["box_written"] / run["readings"]) / 1000


def _flat(found: Found, key: str) -> float:
    small, large = found["backlog"]
    return float(large[key] / small[key])


TARGETS = (
    Target(
        "accept, 1 producer / bare fsynced insert", 0.5, 0.7, lambda f: f["accept"]["one"], True
    ),
    Target(
        "accept, 16 producers / bare fsynced insert",
        1.5,
        2.4,
        lambda f: f["accept"]["sixteen"],
        True,
    ),
    Target(
        "readings/s sustained of 200, syncs 5 ms longer",
        198,
        198,
        lambda f: f["slow_disk"]["rate"],
        True,
    ),
    Target(
        "drain to hospital-committed (PostgreSQL) / PouchDB",
        2,
        4,
        lambda f: _drain(f, "postgresql") / f["peers"][POUCH]["drain_rate"],
        True,
    ),
    Target(
        "drain to hospital-committed (SQLite) / PouchDB",
        2,
        4,
        lambda f: _drain(f, "sqlite") / f["peers"][POUCH]["drain_rate"],
        True,
    ),
    Target(
        "drain to broker / thingsboard-gateway",
        2,
        5,
        lambda f: _drain(f, "postgresql", "broker_rate") / f["peers"][TB]["drain_rate"],
        True,
    ),
    Target(
        "wire, batches of 20 / PouchDB",
        0.15,
        0.08,
        lambda f: f["wire"]["sqlite"] / f["peers"][POUCH]["wire_per_reading"],
    ),
    Target(
        "wire, batches of 20 / thingsboard-gateway",
        0.30,
        0.16,
        lambda f: f["wire"]["sqlite"] / f["peers"][TB]["wire_per_reading"],
    ),
    Target(
        "a lone alert / its record as a plain JSON publish",
        1.0,
        0.6,
        lambda f: f["alert"]["ours"] / f["alert"]["plain"],
    ),
    Target("processor s per 1,000 readings, accept (20 together) + drain", 0.25, 0.12, _cpu),
    Target("flash KB per reading, 20 to a commit, + drain", 4, 1.5, lambda f: _flash(f, 20)),
    Target("flash KB per reading, each its own commit, + drain", 4, 1.5, lambda f: _flash(f, 1)),
    Target("accept with a full backlog / with 1,000", 1.5, 1.5, lambda f: _flat(f, "accept_us")),
    Target("a frame from a full backlog / from 1,000", 1.5, 1.5, lambda f: _flat(f, "frame_us")),
    Target(
        "MB of memory that a full backlog adds",
        10,
        10,
        lambda f: f["backlog"][1]["memory_mb"] - f["backlog"][0]["memory_mb"],
    ),
    Target(
        "hospital receive / COPY, 500 a transaction",
        0.30,
        0.45,
        lambda f: f["receive"] / f["copy"],
        True,
    ),
    Target("idle memory of the whole box, MB (PSS)", 90, 60, lambda f: sum(f["memory"].values())),
)
