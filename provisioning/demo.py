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
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import click

from devices.catalogue import model_named
from edge.equipment import pairings
from edge.patients import register
from edge.patients.form import PatientForm
from edge.settings.box_settings import Port, Settings
from edge.staff import staff
from edge.store.losses import open_store
from edge.visits import visits
from provisioning.box_setup import init_box
from provisioning.enrol import enrol
from provisioning.errors import CommandFailed
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


HospitalChildren = Callable[[Mapping[str, str]], list[Child]]
"""Makes the processes of the hospital in whose environment they run."""

KNOWN_PORTS = Ports(8600, 8700, 8883)


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A running demo: its settings, addresses, processes and devices.

    `hospital` is the environment in which `healthpost hospital` verbs work on its hospital.
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
    devices: list[dict[str, Any]]
    _speaking: Lock = field(default_factory=Lock)

    def measure(self, name: str) -> None:
        """Let a device measure now; raises `CommandFailed`."""
        self.command({"measure": name})

    def command(self, order: Mapping[str, object]) -> None:
        """Send a command that `python -m devices.simulators` takes; raises `CommandFailed`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            with self._speaking:
                self.process.stdin.write(json.dumps(order) + "\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise CommandFailed("simulators", "the simulated devices have ended")
        answer = json.loads(line)
        if not answer["ok"]:
            raise CommandFailed("simulators", f"the simulated devices refuse: {answer['error']}")

    def quiet(self) -> None:
        """Switch every device off."""
        self.process.terminate()
        with self.process:  # waits, and closes its pipes
            pass


@contextmanager
def running(
    every_s: float,
    broker: str = "iotcore",
    archive: str = "sqlite",
    ports: Ports = Ports(),
    hospital_children: HospitalChildren | None = None,
) -> Iterator[RunningDemo]:
    """Run a whole demo inside the block; devices measure every `every_s` seconds (0: on command).

    The hospital is one child, `healthpost hospital serve`, unless `hospital_children` gives
    others. Raises `CommandFailed` when a part does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="healthpost-demo-"))
    children: list[Child] = []
    try:
        ward = _start_ward(home / "ward", every_s)
        try:
            with _supervised(children):
                hospital = _make_hospital(home / "hospital", ports, broker, archive)
                children.extend((hospital_children or _serve)(hospital.environment))
                yield _assemble(home / "box", ward, children, hospital, ports.kiosk)
        finally:
            ward.quiet()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Hospital:
    environment: Mapping[str, str]
    desk_url: str


def _make_hospital(home: Path, ports: Ports, broker: str, archive: str) -> _Hospital:
    environment = {**os.environ, "HEALTHPOST_HOSPITAL_HOME": str(home)}
    desk_port = free_port(ports.desk)
    _say("making a hospital")
    command(
        environment,
        *("hospital", "init", "--name", "Demo hospital", "--user", DOCTOR),
        *("--password-file", "-"),
        *("--desk-port", str(desk_port), "--broker-port", str(free_port(ports.broker))),
        *("--broker", broker, "--archive", archive),
        typed=PASSWORD,
    )
    return _Hospital(environment, f"http://127.0.0.1:{desk_port}")


def _serve(hospital: Mapping[str, str]) -> list[Child]:
    words = (sys.executable, "-m", "provisioning.cli", "hospital", "serve")
    return [Child("hospital", words, hospital)]


def _assemble(
    home: Path, ward: Ward, children: list[Child], hospital: _Hospital, kiosk_port: int
) -> RunningDemo:
    _await(lambda: _answers(hospital.desk_url), "the hospital's desk does not answer")
    _say("making a box and enrolling it with a one-time claim")
    claim = command(hospital.environment, "hospital", "claim", "--clinic", CLINIC, "--this-machine")
    settings = _make_box(home, ward, str(claim["claim"]), free_port(kiosk_port))
    children.extend(box_children({**os.environ, **_box_environment(settings, ward)}))
    kiosk_url = f"http://127.0.0.1:{settings.kiosk_port}"
    _await(lambda: _answers(kiosk_url), "the kiosk does not answer")
    return RunningDemo(settings, kiosk_url, hospital.desk_url, hospital.environment, children, ward)


def _make_box(home: Path, ward: Ward, claim: str, kiosk_port: int) -> Settings:
    models = {device["name"]: device["model"] for device in ward.devices}
    cables = [Port(path, models[name]) for name, path in ward.serial.items()]
    init_box(home, CLINIC, kiosk_port=kiosk_port, ports=cables)
    enrol(home, claim)
    settings = Settings.load(home)
    store = open_store(settings.database, settings.box_id)
    try:
        now = store.clock().now()
        member = staff.add(store, now, WORKER, "worker", PIN, staff.load_pepper(settings.keys))
        form = PatientForm(name="Bibi Khan", sex="female", birth="1958", village="Demo village")
        patient = register.register(store, now, form, member.id)
        visits.open_visit(store, now, patient.id, actor=member.id)
        for device in ward.devices:
            if device["link"] == "ble":
                pairings.add(store, now, device["address"], actor=member.id)
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
        raise CommandFailed("simulators", "the simulated devices did not start")
    started = json.loads(line)
    return Ward(
        process, started["bus"], started["serial"], [_labelled(d) for d in started["devices"]]
    )


def _labelled(device: dict[str, Any]) -> dict[str, Any]:
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


def _box_environment(settings: Settings, ward: Ward) -> dict[str, str]:
    return {"HEALTHPOST_HOME": str(settings.home), "DBUS_SYSTEM_BUS_ADDRESS": ward.bus}


def command(environment: Mapping[str, str], *verb: str, typed: str = "") -> dict[str, Any]:
    """Run a `healthpost` verb with `--json`; return its object; raises `CommandFailed`.

    `typed` is what its standard input holds.
    """
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.cli", *verb, "--json"],
        env=dict(environment),
        input=typed,
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise CommandFailed(
            "command", f"`healthpost {' '.join(verb[:2])}` failed: {done.stdout.strip()}"
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def free_port(preferred: int) -> int:
    """Return `preferred` when nobody listens there, else a port the system chooses."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # As servers do: connections of the last run that are still ending do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise CommandFailed("ports", "no free port on this machine")


def _await(ready: Callable[[], bool], otherwise: str, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    pause = Event()
    while not ready():
        if time.monotonic() > deadline:
            raise CommandFailed("timeout", otherwise)
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
