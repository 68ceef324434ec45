"""Idle memory of a whole box, in the ways it could be run, side by side in one run.

Every process counts: supervisor, station, courier, kiosk, caretaker. A page that several of them
hold counts once, and a page of a library counts as if nobody else on the machine used it (`Pss`
alone would be flattered by whatever else runs Python). The box has a Bluetooth adapter and serial
ports (simulated), its kiosk has shown a page, and then it is left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.link import meter
from benchmarks.link.healthpost import READY_S, Hospital
from edge.settings.box_settings import Port
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.enrol import enrol
from provisioning.run import CONCERNS

IDLE_S = 20
PAGES = ("/", "/sign-in", "/status")
MODULES = tuple(CONCERNS.values())
_APART = """
import os, signal, sys
from threading import Event
from edge.process.supervise import Child, supervise
stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
supervise([Child(c[-1], c, dict(os.environ)) for c in {commands!r}], stop)
"""
_ALL_LOADED = """
from provisioning import run
run.SHARED = tuple(run.CONCERNS.values())
run.run_box()
"""
_WITH_TABLES = "import sqlite_utils, runpy; runpy.run_module({module!r}, run_name='__main__')"


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds, in MB of 10^6 bytes: its own pages, its share of the others'."""

    process: str
    own: float
    pss: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Idle:
    """An idle box: all of its memory in MB, the processor seconds since its start, its parts."""

    way: str
    state: str
    total: float
    pss: float
    cpu_s: float
    parts: tuple[Held, ...]


def run(as_json: bool) -> int:
    """Measure every way, not enrolled and enrolled, and print a table."""
    found: list[Idle] = []
    with tempfile.TemporaryDirectory(prefix="healthpost-memory-") as folder, _ward(folder) as ward:
        compiled = _bytecode(Path(folder))
        for state in ("not enrolled", "enrolled"):
            with _box(Path(folder) / state.replace(" ", "-"), ward, state) as (home, port):
                for way, (command, settings) in _ways().items():
                    _say(f"{state}, {way}")
                    environment = {**os.environ, **compiled, **settings}
                    environment["HEALTHPOST_HOME"] = str(home)
                    environment["DBUS_SYSTEM_BUS_ADDRESS"] = ward["bus"]
                    found.append(_idle(way, state, command, environment, port))
    print(json.dumps([asdict(one) for one in found]) if as_json else _table(found))
    return 0


def _ways() -> dict[str, tuple[list[str], dict[str, str]]]:
    """For each way of running the same processes: its supervisor's command, its settings."""
    python = sys.executable
    apart = [(python, "-m", module) for module in MODULES]
    laden = [(python, "-c", _WITH_TABLES.format(module=module)) for module in MODULES]
    first = "import sqlite_utils\n" + _APART.format(commands=laden)
    box = [python, "-m", "provisioning.cli", "run"]
    return {
        "apart, each with what makes tables": ([python, "-c", first], {}),
        "apart": ([python, "-c", _APART.format(commands=apart)], {}),
        "forked with everything loaded": ([python, "-c", _ALL_LOADED], {}),
        "forked with what they share (`healthpost run`)": (box, {}),
        "the same, not compiled at installation": (
            box,
            {"PYTHONPYCACHEPREFIX": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        ),
    }


def _idle(
    way: str, state: str, command: list[str], environment: Mapping[str, str], port: int
) -> Idle:
    with (Path(environment["HEALTHPOST_HOME"]) / "log").open("ab") as log:
        process = subprocess.Popen(command, env=dict(environment), stderr=log)
    try:
        meter.wait(lambda: meter.listens(port), READY_S, "the kiosk")
        for page in PAGES:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=60).close()
        time.sleep(IDLE_S)
        pids = meter.tree([process.pid])
        if len(pids) != 1 + len(MODULES):
            raise AssertionError(f"{len(pids)} processes run, not {1 + len(MODULES)}")
        parts = tuple(_held(pid) for pid in pids)
        pss, cpu = sum(p.pss for p in parts), sum(p.cpu_s for p in parts)
        return Idle(way, state, together_mb(pids), pss, cpu, parts)
    finally:
        process.terminate()
        process.wait()


def together_mb(pids: list[int]) -> float:
    """Return what processes hold together if nobody else had their files in memory, in MB.

    Anonymous pages by the kernel's own division; of each file the largest part that one of them
    has, which is the union as long as they use the same parts of a library, and its copies.
    """
    anonymous, files = 0.0, dict[str, float]()
    for pid in pids:
        own: dict[str, float] = {}
        for name, held in _mappings(pid):
            shared = held["Rss"] - held["Anonymous"] if name.startswith("/") else 0.0
            own[name] = own.get(name, 0.0) + shared
        for name, kilobytes in own.items():
            files[name] = max(files.get(name, 0.0), kilobytes)
        anonymous += _rollup(pid)["Pss_Anon"]
    return (anonymous + sum(files.values())) * 1024 / 1e6


def _mappings(pid: int) -> Iterator[tuple[str, dict[str, float]]]:
    name, held = "", dict[str, float]()
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, _, rest = line.partition(" ")
        if key.endswith(":"):
            if rest.endswith("kB"):
                held[key[:-1]] = float(rest.split()[0])
            continue
        if held:
            yield name, held
        words = line.split(maxsplit=5)
        name, held = words[5] if len(words) == 6 else "", {}
    if held:
        yield name, held


def _rollup(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: float(line.split()[1]) for line in lines}


def _held(pid: int) -> Held:
    told = _rollup(pid)
    own = (told["Private_Dirty"] + told["Private_Clean"]) * 1024 / 1e6
    return Held(_name(pid), own, told["Pss"] * 1024 / 1e6, meter.cost([pid]).cpu_s)


def _name(pid: int) -> str:
    called = Path(f"/proc/{pid}/comm").read_text().strip()
    words = Path(f"/proc/{pid}/cmdline").read_text()
    by_module = [name for name, module in CONCERNS.items() if module in words]
    one_of_them = len(by_module) == 1 and "supervise" not in words
    return by_module[0] if one_of_them else called if called in CONCERNS else "supervisor"


def _bytecode(folder: Path) -> dict[str, str]:
    """Compile everything beforehand, as an installation does: compiling takes memory, too."""
    cache = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    for module in ("sqlite_utils", "provisioning.cli", "provisioning.run", *MODULES):
        code = f"import edge.store.schema, {module}"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, **cache}, check=True)
    return cache


@contextmanager
def _ward(folder: str) -> Iterator[dict[str, Any]]:
    """Simulated devices that measure nothing, on a bus and ports of their own."""
    command = [sys.executable, "-m", "devices.simulators", "--dir", f"{folder}/ward"]
    with subprocess.Popen(
        [*command, "--every", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told: dict[str, Any] = json.loads(process.stdout.readline())
        try:
            yield told
        finally:
            process.terminate()


@contextmanager
def _box(home: Path, ward: Mapping[str, Any], state: str) -> Iterator[tuple[Path, int]]:
    port = meter.free_port()
    models = {device["name"]: device["model"] for device in ward["devices"]}
    cables = [Port(path, models[name]) for name, path in ward["serial"].items()]
    init_box(home, "Bench", kiosk_port=port, ports=cables)
    hospital = Hospital(home.with_name("hospital")) if state == "enrolled" else None
    try:
        if hospital is not None:
            hospital.start()
            enrol(home, hospital.claim())
        Store.open(home / "box.db").close()
        yield home, port
    finally:
        if hospital is not None:
            hospital.stop()


def _table(found: list[Idle]) -> str:
    rows = ["| way | state | MB together | MB of PSS | processor s |", "|---|---|--:|--:|--:|"]
    for one in found:
        rows.append(
            f"| {one.way} | {one.state} | {one.total:.1f} | {one.pss:.1f} | {one.cpu_s:.1f} |"
        )
    names = ("supervisor", *CONCERNS)
    rows += ["", f"| MB of its own | state | {' | '.join(names)} |", "|---|---|" + "--:|" * 5]
    for one in found:
        own = {part.process: part.own for part in one.parts}
        cells = " | ".join(f"{own.get(name, 0):.1f}" for name in names)
        rows.append(f"| {one.way} | {one.state} | {cells} |")
    return "\n".join(rows)


def _say(text: str) -> None:
    print(f"healthpost: measuring {text}", file=sys.stderr, flush=True)
