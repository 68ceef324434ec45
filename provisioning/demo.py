"""`healthpost demo`: a whole clinic and its hospital on one machine, with simulated devices.

Nothing here knows how a part works: it starts the same processes that a Pi and a hospital start,
gives them homes in a temporary folder, and takes them away again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import click

from edge import history, patients, staff, visits
from edge.patient_form import PatientForm
from edge.settings import Port, Settings
from edge.store import Store
from provisioning.box import init_box
from provisioning.enrol import enrol
from provisioning.errors import Failed
from provisioning.run import Child, box_children, supervise

CLINIC = "Demo health post"
WORKER = "Amina"
PIN = "246813"
DOCTOR, PASSWORD = "doctor", "demo-hospital"
KIOSK_PORT, DESK_PORT = 8600, 8700
ONCE_WITHIN_S = 85
"""`--once` gives up then, and says what is missing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running demo: where its parts are."""

    settings: Settings
    kiosk_url: str
    desk_url: str
    hospital: Mapping[str, str]
    broker: str
    ward: Ward


@dataclass(slots=True)
class Ward:
    """The simulated devices' process, and the names it gave them."""

    process: subprocess.Popen[str]
    bus: str
    serial: dict[str, str]
    devices: list[dict[str, str]]

    def measure(self, name: str) -> None:
        """Let a device measure now."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"measure": name}) + "\n")
        self.process.stdin.flush()


def run_demo() -> None:
    """Run until Ctrl-C or SIGTERM, devices measuring now and then."""
    stop = _stop_on_signals()
    with _demo(stop, every_s=20) as running:
        click.echo(f"\n  Clinic kiosk   {running.kiosk_url}   {WORKER}, PIN {PIN}")
        click.echo(f"  Hospital desk  {running.desk_url}   {DOCTOR}, password {PASSWORD}\n")
        click.echo("  Simulated devices measure by themselves. Ctrl-C ends the demo.")
        stop.wait()


def run_once() -> dict[str, object]:
    """Run until every device's reading is confirmed by a receipt; raises `Failed` after 85 s."""
    began = time.monotonic()
    stop = _stop_on_signals()
    with _demo(stop, every_s=0) as running:
        watch = _Watch(running, began)
        while not watch.complete():
            if stop.wait(0.25):
                raise Failed("stopped", "the demo was stopped")
            if time.monotonic() - began > ONCE_WITHIN_S:
                raise Failed("timeout", f"not confirmed in time: {', '.join(watch.missing())}")
        return watch.report()


@contextmanager
def _demo(stop: Event, every_s: float) -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="healthpost-demo-"))
    children: list[Child] = []
    try:
        ward = _start_ward(home / "ward", every_s)
        try:
            with _supervised(children):
                yield _assemble(home, ward, children)
        finally:
            ward.process.terminate()
            ward.process.wait(10)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _assemble(home: Path, ward: Ward, children: list[Child]) -> Running:
    hospital = {**os.environ, "HEALTHPOST_HOSPITAL_HOME": str(home / "hospital")}
    desk_port = free_port(DESK_PORT)
    _say("making a hospital")
    made = _command(
        hospital,
        *("hospital", "init", "--name", "Demo hospital", "--user", DOCTOR, "--password", PASSWORD),
        *("--desk-port", str(desk_port), "--broker-port", str(free_port(8883))),
    )
    children.append(_child("hospital", hospital, "hospital", "serve"))
    desk_url = f"http://127.0.0.1:{desk_port}"
    _await(lambda: _answers(desk_url), "the hospital's desk does not answer")
    _say("making a box and enrolling it with a one-time claim")
    claim = _command(hospital, "hospital", "claim", "--clinic", CLINIC)
    settings = _make_box(home / "box", ward, str(claim["claim"]))
    children.extend(box_children({**os.environ, **_box_environment(settings, ward)}))
    kiosk_url = f"http://127.0.0.1:{settings.kiosk_port}"
    _await(lambda: _answers(kiosk_url), "the kiosk does not answer")
    return Running(settings, kiosk_url, desk_url, hospital, str(made.get("broker", "")), ward)


def _make_box(home: Path, ward: Ward, claim: str) -> Settings:
    models = {device["name"]: device["model"] for device in ward.devices}
    ports = [Port(path, models[name]) for name, path in ward.serial.items()]
    init_box(home, CLINIC, kiosk_port=free_port(KIOSK_PORT), ports=ports)
    enrol(home, claim)
    settings = Settings.load(home)
    store = Store.open(settings.database)
    try:
        now = store.clock().now()
        member = staff.add(store, now, WORKER, "worker", PIN, staff.load_pepper(settings.keys))
        form = PatientForm(name="Bibi Khan", sex="female", birth="1958", village="Demo village")
        patient = patients.register(store, now, form, member.id)
        visits.open_visit(store, now, patient.id, actor=member.id)
    finally:
        store.close()
    return settings


class _Watch:
    """Counts what is captured and confirmed, and asks devices that gave nothing yet again."""

    AGAIN_S = 12

    def __init__(self, running: Running, began: float) -> None:
        self._running, self._began = running, began
        self._store = Store.open(running.settings.database)
        self._wanted = {(d["model"], d["link"]) for d in running.ward.devices}
        self._asked_at = 0.0
        self.first_reading_s: float | None = None
        self.last_confirmed_s = 0.0

    def complete(self) -> bool:
        """Whether every device has a reading and every reading is confirmed."""
        counts = self._counts()
        if counts and self.first_reading_s is None:
            self.first_reading_s = self._elapsed()
        if not self.missing():
            self.last_confirmed_s = self._elapsed()
            return all(c.confirmed == c.readings for c in counts)
        self._ask_again()
        return False

    def missing(self) -> list[str]:
        """The models of which no reading is confirmed yet."""
        done = {(c.model, c.link) for c in self._counts() if c.confirmed}
        return sorted(model for model, _ in self._wanted - done)

    def report(self) -> dict[str, object]:
        """The one JSON object of `--once --json`."""
        counts = self._counts()
        captured = sum(c.readings for c in counts)
        confirmed = sum(c.confirmed for c in counts)
        told = _command(self._running.hospital, "hospital", "status")
        self._store.close()
        return {
            "devices": [{"model": c.model, "link": c.link, "readings": c.readings} for c in counts],
            "captured": captured,
            "confirmed": confirmed,
            "unconfirmed": captured - confirmed,
            "archive": told["archive"],
            "first_reading_s": round(self.first_reading_s or 0.0, 1),
            "last_confirmed_s": round(self.last_confirmed_s, 1),
            "broker": told["broker"],
        }

    def _ask_again(self) -> None:
        if time.monotonic() - self._asked_at < self.AGAIN_S:
            return
        self._asked_at = time.monotonic()
        captured = {(c.model, c.link) for c in self._counts()}
        for device in self._running.ward.devices:
            if (device["model"], device["link"]) not in captured:
                self._running.ward.measure(device["name"])

    def _counts(self) -> list[history.ModelCount]:
        return history.count_by_model(self._store)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _start_ward(directory: Path, every_s: float) -> Ward:
    _say("switching on the simulated devices")
    process = subprocess.Popen(
        [sys.executable, "-m", "devices.simulators", "--dir", directory, "--every", str(every_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Failed("simulators", "the simulated devices did not start")
    told = json.loads(line)
    return Ward(process, told["bus"], told["serial"], told["devices"])


@contextmanager
def _supervised(children: list[Child]) -> Iterator[None]:
    stop = Event()
    keeper = Thread(target=supervise, args=(children, stop), name="supervisor")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _child(name: str, environment: Mapping[str, str], *verb: str) -> Child:
    return Child(name, (sys.executable, "-m", "provisioning.cli", *verb), environment)


def _box_environment(settings: Settings, ward: Ward) -> dict[str, str]:
    return {"HEALTHPOST_HOME": str(settings.home), "DBUS_SYSTEM_BUS_ADDRESS": ward.bus}


def _command(environment: Mapping[str, str], *verb: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.cli", *verb, "--json"],
        env=dict(environment),
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise Failed("command", f"`healthpost {' '.join(verb[:2])}` failed: {done.stdout.strip()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def free_port(preferred: int) -> int:
    """Return `preferred` when nobody listens there, else a port the system chooses."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise Failed("ports", "no free port on this machine")


def _await(ready: Callable[[], bool], otherwise: str, within_s: float = 40) -> None:
    deadline = time.monotonic() + within_s
    pause = Event()
    while not ready():
        if time.monotonic() > deadline:
            raise Failed("timeout", otherwise)
        pause.wait(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _stop_on_signals() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(text: str) -> None:
    click.echo(f"demo: {text}", err=True)
