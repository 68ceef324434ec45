"""A day at the clinic, compressed: a whole fleet of simulated devices against a real station.

`python -m benchmarks soak` (scripts/soak) starts the simulators and `python -m devices.station` as
processes of their own, lives a day of patients with its faults, pulled cables and an adapter that
goes off, and then asks: was anything lost, did anything have to be restarted, did memory grow?
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge.equipment import pairings
from edge.model.entry import GENESIS, Lane, chain
from edge.store import outbox
from edge.store.store import Store

EXTRA = "polar-h10,bf720,contour,sbm69,bp-repeats,bp-shows,mi-scale,hbp-9030,ad-scale"
"""Who joins the default ward: one device of each way to hand a value over."""

KEEPS = ("ua-651ble", "nonin-3230", "ut-201ble", "uc-352ble", "sbm69", "contour", "bp-repeats")
"""Devices that keep what they measured until it was fetched: of these nothing may be missing."""

GIVES_A_VALUE = (None, "drop", "low-battery", "wrong-clock", "busy", "motion")
"""With these faults a device still has a value in the end."""

FLUSH_S, WAKE_EVERY_S = 90.0, 25.0
GROWTH_KB = 8 * 1024
"""How much the station may grow from the second quarter of the day to the last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many devices and patients; the day of `hours` is lived in `seconds`."""

    seconds: float = 300.0
    hours: float = 24.0
    patients: int = 60
    ble: int = 20
    serial: int = 6
    seed: int = 1
    power_cuts: int = 2


@dataclass(slots=True)
class Outcome:
    """What came of a day; `broken` says what should not have happened."""

    plan: Plan
    measured: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    unplugged: int = 0
    readings: int = 0
    rejected: int = 0
    expected: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    adapter: dict[str, int] = field(default_factory=dict)
    failed_parts: int = 0
    rss_kb: list[int] = field(default_factory=list)
    cpu_s: float = 0.0
    lasted_s: float = 0.0
    ended_with: int | None = None
    broken: list[str] = field(default_factory=list)

    @property
    def quarters_kb(self) -> tuple[int, int]:
        """Median memory of the second and of the last quarter of the day."""
        size = max(1, len(self.rss_kb) // 4)
        second, last = self.rss_kb[size : 2 * size], self.rss_kb[-size:]
        return int(statistics.median(second or last)), int(statistics.median(last))


class Ward:
    """The simulators as a process; what it says is read by a thread."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        command = [sys.executable, "-m", "devices.simulators", "--day", "--devices", EXTRA]
        command += ["--fleet", f"ble={plan.ble},serial={plan.serial}", "--seed", str(plan.seed)]
        command += ["--patients", str(plan.patients), "--hours", str(plan.hours)]
        command += ["--speed", str(plan.hours * 3600 / plan.seconds), "--dir", str(directory)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        self.where: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.acts: list[dict[str, Any]] = []
        self.over = threading.Event()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "verb" in said:
                self.acts.append(said)
            if said.get("day") == "over":
                self.over.set()

    def do(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.terminate()
        self._process.wait(timeout=30)
        self._listening.join(timeout=30)
        self._process.stdin.close()
        self._process.stdout.close()


class Station:
    """The station as a process, never restarted; its log is kept to be searched."""

    def __init__(self, home: Path, bus: str) -> None:
        environment = {**os.environ, "HEALTHPOST_HOME": str(home), "DBUS_SYSTEM_BUS_ADDRESS": bus}
        self.log = home / "station.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devices.station"], env=environment, stderr=log
            )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def rss_kb(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(
            next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        )

    def cpu_s(self) -> float:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def end(self) -> int:
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=30)


def run_day(plan: Plan, home: Path) -> Outcome:
    """Live one day in `home` (an empty folder) and judge it."""
    ward = Ward(plan, home / "ttys")
    try:
        store = _box(home, ward)
        station = Station(home, ward.where["bus"])
        try:
            return _lived(plan, ward, station, store)
        finally:
            station.end()
            store.close()
    finally:
        ward.end()


def _box(home: Path, ward: Ward) -> Store:
    """Make a box whose ports are the ward's, to which all of its wireless devices belong."""
    lines = ['[box]\nid = "box-soak"\nclinic = "Soak"\n']
    cards = ward.where["devices"]
    for card in cards:
        if card["link"] == "serial":
            lines.append(
                f'[[devices.port]]\npath = "{card["address"]}"\nmodel = "{card["model"]}"\n'
            )
    (home / "healthpost.toml").write_text("".join(lines), encoding="utf-8")
    store = Store.create(home / "box.db", "box-soak")
    for card in cards:
        if card["link"] == "ble":
            pairings.add(store, store.clock().now(), card["address"])
    return store


def _lived(plan: Plan, ward: Ward, station: Station, store: Store) -> Outcome:
    outcome = Outcome(plan)
    began = time.monotonic()
    cuts = [plan.seconds * (n + 1) / (plan.power_cuts + 1) for n in range(plan.power_cuts)]
    held: dict[int, bytes] = {}
    while not ward.over.wait(1.0):
        now = time.monotonic() - began
        if cuts and now >= cuts[0]:
            cuts.pop(0)
            ward.do(power=False)  # nobody switches it on again but the station
        _sample(outcome, station, store, held)
        if not station.is_alive:
            outcome.broken.append("the station ended by itself")
            return outcome
    outcome.lasted_s = time.monotonic() - began
    _fetch_the_rest(outcome, ward, station, store, held)
    outcome.ended_with = station.end()
    _judge(outcome, ward, station, store, held)
    return outcome


def _sample(outcome: Outcome, station: Station, store: Store, held: dict[int, bytes]) -> None:
    outcome.rss_kb.append(station.rss_kb())
    outcome.cpu_s = station.cpu_s()
    last = max(held, default=0)
    rows = store.rows("SELECT entry, raw FROM reading WHERE entry > ?", (last,))
    held.update({row["entry"]: bytes(row["raw"] or b"") for row in rows})


def _fetch_the_rest(
    outcome: Outcome, ward: Ward, station: Station, store: Store, held: dict[int, bytes]
) -> None:
    """Let who still holds something measure once more: what it kept must come with it."""
    until = time.monotonic() + FLUSH_S
    woken: dict[str, float] = {}
    while (now := time.monotonic()) < until and (left := _missing(ward, store)):
        for name in left:
            if now - woken.get(name, 0) > WAKE_EVERY_S:
                ward.do(plug=name)
                ward.do(measure=name)
                ward.acts.append({"verb": "measure", "device": name, "fault": None})
                woken[name] = now
        time.sleep(1.0)
        _sample(outcome, station, store, held)


def _missing(ward: Ward, store: Store) -> dict[str, int]:
    """Count the values of devices with a memory that are not on the disk."""
    ids = {c["name"]: "ble-" + c["address"].replace(":", "") for c in ward.where["devices"]}
    rows = store.rows("SELECT device_id, count(*) AS n FROM reading GROUP BY device_id")
    came = {row["device_id"]: row["n"] for row in rows}
    expected = Counter(act["device"] for act in list(ward.acts) if _has_a_value(act))
    short = {name: n - came.get(ids[name], 0) for name, n in expected.items()}
    return {name: n for name, n in short.items() if n > 0}


def _has_a_value(act: dict[str, Any]) -> bool:
    kept = any(act["device"] == slug or act["device"].startswith(slug + "-") for slug in KEEPS)
    return kept and act["verb"] == "measure" and act["fault"] in GIVES_A_VALUE


def _judge(
    outcome: Outcome, ward: Ward, station: Station, store: Store, held: dict[int, bytes]
) -> None:
    measured = [act for act in ward.acts if act["verb"] == "measure"]
    outcome.measured = len(measured)
    outcome.faults = dict(sorted(Counter(a["fault"] for a in measured if a["fault"]).items()))
    outcome.unplugged = sum(act["verb"] == "unplug" for act in ward.acts)
    outcome.readings = store.scalar("SELECT count(*) FROM reading")
    outcome.rejected = store.scalar("SELECT count(*) FROM rejected")
    outcome.expected = sum(_has_a_value(act) for act in ward.acts)
    outcome.missing = _missing(ward, store)
    steps = store.rows("SELECT step, times FROM adapter_step")
    outcome.adapter = {row["step"]: row["times"] for row in steps}
    log = station.log.read_text(encoding="utf-8", errors="replace")
    outcome.failed_parts = log.count("a part of the station failed")
    outcome.broken += list(_faults_of(outcome, store, held))


def _faults_of(outcome: Outcome, store: Store, held: dict[int, bytes]) -> list[str]:
    rows = store.rows("SELECT entry, raw FROM reading")
    now = {row["entry"]: bytes(row["raw"] or b"") for row in rows}
    second, last = outcome.quarters_kb
    checks = {
        "an accepted reading is gone or changed": held.items() <= now.items(),
        f"values were lost: {outcome.missing}": not outcome.missing,
        "the journal's chain does not hold": _chain_holds(store),
        "the file is damaged": store.rows("PRAGMA integrity_check")[0][0] == "ok",
        f"the station ended with {outcome.ended_with}": outcome.ended_with == 0,
        f"{outcome.failed_parts} parts failed": outcome.failed_parts == 0,
        f"memory grew from {second} to {last} kB": last - second <= GROWTH_KB,
        "nothing was read": outcome.readings > 0,
    }
    return [what for what, good in checks.items() if not good]


def _chain_holds(store: Store) -> bool:
    """Compute the clinical lane's chain from its records and compare it with the box's."""
    rows = store.rows(
        "SELECT record FROM journal WHERE lane = ? ORDER BY id", (Lane.CLINICAL.value,)
    )
    computed = GENESIS
    for row in rows:
        computed = chain(computed, row["record"].encode("utf-8"))
    return outbox.chain_at(store, Lane.CLINICAL, len(rows)) == computed


def words(outcome: Outcome) -> str:
    """Return the outcome as Markdown."""
    plan, (second, last) = outcome.plan, outcome.quarters_kb
    faults = ", ".join(f"{n} {name}" for name, n in outcome.faults.items()) or "none"
    helped = ", ".join(f"{n} {step}" for step, n in outcome.adapter.items()) or "none"
    rows = [
        ("devices", f"{plan.ble} Bluetooth, {plan.serial} serial"),
        ("day", f"{plan.hours:g} h, {plan.patients} patients, in {outcome.lasted_s:.0f} s"),
        ("measurements", str(outcome.measured)),
        ("faults", faults),
        ("unplugged or out of range", f"{outcome.unplugged} times"),
        ("adapter switched off", f"{plan.power_cuts} times; helped by {helped}"),
        ("readings accepted", f"{outcome.readings} ({outcome.rejected} kept as bytes only)"),
        ("of devices with a memory", f"{outcome.expected} expected, {_lost(outcome)} missing"),
        ("station restarted", "never" if outcome.ended_with == 0 else "it ended by itself"),
        ("memory, 2nd and last quarter", f"{second / 1024:.1f} and {last / 1024:.1f} MB"),
        ("processor", f"{100 * outcome.cpu_s / max(1.0, outcome.lasted_s):.0f} % of one core"),
    ]
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {told} |\n" for name, told in rows)


def _lost(outcome: Outcome) -> int:
    return sum(outcome.missing.values())


def run(argv: Sequence[str] | None = None) -> int:
    """Live a day by the command line; end with 1 when something broke."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    default = Plan()
    parser.add_argument("--seconds", type=float, default=default.seconds, help="the day's length")
    parser.add_argument("--hours", type=float, default=default.hours)
    parser.add_argument("--patients", type=int, default=default.patients)
    parser.add_argument("--ble", type=int, default=default.ble)
    parser.add_argument("--serial", type=int, default=default.serial)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--power-cuts", type=int, default=default.power_cuts)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = vars(parser.parse_args(argv))
    as_json = options.pop("json")
    with tempfile.TemporaryDirectory(prefix="healthpost-soak-") as home:
        outcome = run_day(Plan(**options), Path(home))
    print(json.dumps(asdict(outcome)) if as_json else words(outcome))
    for what in outcome.broken:
        print(f"BROKEN: {what}", file=sys.stderr)
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(run())
