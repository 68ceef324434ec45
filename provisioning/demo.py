"""`healthpost demo`: a whole clinic and its hospital on one machine, with simulated devices.

Nothing here knows how a part works: it starts the same processes that a Pi and a hospital start,
gives them homes in a temporary folder, and takes them away again.
"""

from __future__ import annotations

import json
import os
import shutil
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

from devices.catalogue import model_named
from edge.patients import register
from edge.patients.form import PatientForm
from edge.settings.box_settings import Port, Settings
from edge.staff import staff
from edge.store.store import Store
from edge.visits import visits
from provisioning.box_setup import init_box
from provisioning.enrol import enrol
from provisioning.errors import Failed
from provisioning.run import Child, box_children, supervise

CLINIC = "Demo health post"
WORKER = "Amina"
PIN = "246813"
DOCTOR, PASSWORD = "doctor", "demo-hospital"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports a demo would like; 0 lets the system choose, as does one that is taken."""

    kiosk: int = 0
    desk: int = 0
    broker: int = 0


KNOWN_PORTS = Ports(8600, 8700, 8883)


@dataclass(frozen=True, slots=True)
class Running:
    """A running demo: its settings, addresses, processes and devices.

    `hospital` is the environment in which `healthpost hospital` verbs speak to its hospital.
    """

    settings: Settings
    kiosk_url: str
    desk_url: str
    hospital: Mapping[str, str]
    children: list[Child]
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

    def quiet(self) -> None:
        """Switch every device off."""
        self.process.terminate()
        with self.process:  # waits, and closes its pipes
            pass


@contextmanager
def running(
    every_s: float, broker: str = "iotcore", archive: str = "sqlite", ports: Ports = Ports()
) -> Iterator[Running]:
    """Run a whole demo inside the block; devices measure every `every_s` seconds (0: on command).

    Raises `Failed` when a part does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="healthpost-demo-"))
    children: list[Child] = []
    try:
        ward = _start_ward(home / "ward", every_s)
        try:
            with _supervised(children):
                engines = ("--broker", broker, "--archive", archive)
                yield _assemble(home, ward, children, engines, ports)
        finally:
            ward.quiet()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _assemble(
    home: Path, ward: Ward, children: list[Child], engines: tuple[str, ...], ports: Ports
) -> Running:
    hospital = {**os.environ, "HEALTHPOST_HOSPITAL_HOME": str(home / "hospital")}
    desk_port = free_port(ports.desk)
    _say("making a hospital")
    command(
        hospital,
        *("hospital", "init", "--name", "Demo hospital", "--user", DOCTOR, "--password", PASSWORD),
        *("--desk-port", str(desk_port), "--broker-port", str(free_port(ports.broker))),
        *engines,
    )
    children.append(_child("hospital", hospital, "hospital", "serve"))
    desk_url = f"http://127.0.0.1:{desk_port}"
    _await(lambda: _answers(desk_url), "the hospital's desk does not answer")
    _say("making a box and enrolling it with a one-time claim")
    claim = command(hospital, "hospital", "claim", "--clinic", CLINIC)
    settings = _make_box(home / "box", ward, str(claim["claim"]), free_port(ports.kiosk))
    children.extend(box_children({**os.environ, **_box_environment(settings, ward)}))
    kiosk_url = f"http://127.0.0.1:{settings.kiosk_port}"
    _await(lambda: _answers(kiosk_url), "the kiosk does not answer")
    return Running(settings, kiosk_url, desk_url, hospital, children, ward)


def _make_box(home: Path, ward: Ward, claim: str, kiosk_port: int) -> Settings:
    models = {device["name"]: device["model"] for device in ward.devices}
    cables = [Port(path, models[name]) for name, path in ward.serial.items()]
    init_box(home, CLINIC, kiosk_port=kiosk_port, ports=cables)
    enrol(home, claim)
    settings = Settings.load(home)
    store = Store.open(settings.database)
    try:
        now = store.clock().now()
        member = staff.add(store, now, WORKER, "worker", PIN, staff.load_pepper(settings.keys))
        form = PatientForm(name="Bibi Khan", sex="female", birth="1958", village="Demo village")
        patient = register.register(store, now, form, member.id)
        visits.open_visit(store, now, patient.id, actor=member.id)
    finally:
        store.close()
    return settings


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
    return Ward(process, told["bus"], told["serial"], [_labelled(d) for d in told["devices"]])


def _labelled(device: dict[str, str]) -> dict[str, str]:
    """Name a virtual device's model as the catalogue does for people."""
    model = model_named(device["model"])
    return device if model is None else {**device, "model": model.label}


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


def command(environment: Mapping[str, str], *verb: str) -> dict[str, Any]:
    """Run a `healthpost` verb with `--json`; return its object, raise `Failed` when it fails."""
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


def _await(ready: Callable[[], bool], otherwise: str, within_s: float = 60) -> None:
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


def _say(text: str) -> None:
    click.echo(f"demo: {text}", err=True)
