"""The whole hospital as its processes, with a real box's courier at the other end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from broker import free_port
from eventually import eventually
from postgres import Cluster

from edge.model.reading import Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.store import outbox
from edge.store.store import Store
from edge.visits import visits
from hospital.archive import Archive, scalar
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import shut_out
from hospital.cli.init import create_hospital
from hospital.fleet import boxes, claims
from hospital.receiving import custody
from hospital.views import chart
from provisioning.box_setup import init_box
from provisioning.enrol import enrol

pytestmark = pytest.mark.system
CLINIC = "Thar Post 7"


class Region:
    """One hospital and one box, each in its folder, as processes."""

    def __init__(self, folder: Path, broker: str, archive: str) -> None:
        self.home = folder / "box"
        port = free_port()
        self.hospital = create_hospital(
            HospitalSettings(
                folder / "hospital",
                broker=broker,
                broker_port=port,
                worker_port=port,
                desk_port=free_port(),
                archive=archive,
            )
        )
        self.archive: Archive = open_archive(self.hospital)
        self.box: Settings = init_box(self.home, CLINIC)
        self.store = Store.open(self.box.database)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "HEALTHPOST_HOME": str(self.home),
            "HEALTHPOST_HOSPITAL_HOME": str(self.hospital.home),
        }
        command = [sys.executable, "-m", name]
        self.processes[name] = subprocess.Popen(command, env=environment)
        return self.processes[name]

    def open_doors(self) -> None:
        self.start("hospital.serve")
        eventually(self._answers)

    def enrol(self) -> None:
        claim = claims.create(self.archive, CLINIC, self.hospital.desk_url, datetime.now(UTC))
        enrol(self.home, claim.text())
        settings = self.home / "healthpost.toml"
        text = settings.read_text().replace("[link]", "[link]\nretry_cap_s = 1")
        settings.write_text(text)
        self.start("sync.courier.process")

    def measure(self, count: int) -> None:
        for number in range(count):
            value = Value("59408-5", Decimal(95), "%")
            pulse = Value("8867-4", Decimal(60 + number % 60), "/min")
            measured = Measurement(Kind.OXIMETRY, (value, pulse), record=f"{os.urandom(4).hex()}")
            reading = Reading(measured, self.store.clock().now(), "device", device_id="oxi-1")
            intake.accept(self.store, reading)

    def all_confirmed(self) -> bool:
        ledger = outbox.ledger(self.store)
        return ledger.captured > 0 and ledger.waiting == 0

    def captured_readings(self) -> int:
        return self.store.scalar("SELECT count(*) FROM reading")

    def check(self) -> None:
        """Every record once, and the derived readings with them."""
        entries = self.store.scalar("SELECT count(*) FROM journal")
        assert scalar(self.archive, "SELECT count(*) AS n FROM record") == entries
        assert scalar(self.archive, "SELECT count(*) AS n FROM record WHERE trouble <> ''") == 0
        assert chart.count_readings(self.archive) == self.captured_readings()

    def kill_child(self, *words: str) -> None:
        """Kill one of the hospital's processes as the kernel's memory killer would."""
        parent = self.processes["hospital.serve"].pid
        os.kill(eventually(lambda: _child_of(parent, words)), signal.SIGKILL)

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)
        self.store.close()
        self.archive.close()

    def _answers(self) -> bool:
        try:
            with urlopen(self.hospital.desk_url + "/enrol", timeout=5):
                return True
        except HTTPError:
            return True
        except OSError:
            return False


def _child_of(parent: int, words: tuple[str, ...]) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parts = (entry / "stat").read_text().rpartition(")")[2].split()
            line = (entry / "cmdline").read_text()
        except OSError:
            continue
        if int(parts[1]) == parent and all(word in line for word in words):
            return int(entry.name)
    return 0


@pytest.fixture(params=["iotcore-sqlite", "mosquitto-postgresql"])
def region(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Region]:
    broker, _, engine = request.param.partition("-")
    archive = "sqlite"
    if engine == "postgresql":
        running: Cluster = request.getfixturevalue("postgres")
        archive = running.fresh()
    made = Region(tmp_path, broker, archive)
    made.open_doors()
    yield made
    made.end()


def test_readings_arrive_whoever_is_killed(region: Region) -> None:
    region.enrol()
    now = region.store.clock().now()
    form = PatientForm(name="Zahra Baloch", sex="female", birth="1980")
    patient = register.register(region.store, now, form, None)
    visits.open_visit(region.store, now, patient.id, actor=None)
    region.measure(20)
    eventually(region.all_confirmed, within_s=40)
    for words in (
        ("hospital.receiving.worker",),
        ("broker",),
        ("hospital.desk.server",),
        ("hospital.receiving.worker",),
    ):
        region.measure(10)
        region.kill_child(*(("mosquitto",) if _mosquitto(region, words) else words))
        region.measure(10)
        eventually(region.all_confirmed, within_s=60)
    region.check()
    assert len(chart.of_patient(region.archive, patient.id, 500)) == region.captured_readings()
    line = chart.clinics(region.archive)[0]
    assert (line.clinic, line.waiting, line.forks) == (CLINIC, 0, 0)
    assert line.confirmed == outbox.ledger(region.store).confirmed
    eventually(region._answers)
    assert custody.refusals(region.archive).keys() <= {"stale session"}


def _mosquitto(region: Region, words: tuple[str, ...]) -> bool:
    return words == ("broker",) and region.hospital.broker == "mosquitto"


def test_a_killed_hospital_leaves_nothing_running_and_starts_again(region: Region) -> None:
    region.enrol()
    region.measure(5)
    eventually(region.all_confirmed, within_s=40)
    serving = region.processes["hospital.serve"]
    serving.kill()
    serving.wait()
    eventually(lambda: not region._answers())
    region.measure(5)
    region.open_doors()
    eventually(region.all_confirmed, within_s=60)
    region.check()


def test_a_database_that_comes_back_finds_everything(own_postgres: Cluster, tmp_path: Path) -> None:
    region = Region(tmp_path, "mosquitto", own_postgres.fresh())
    try:
        region.open_doors()
        region.enrol()
        region.measure(5)
        eventually(region.all_confirmed, within_s=40)
        region.archive.close()
        own_postgres.stop()
        region.measure(5)
        eventually(lambda: outbox.ledger(region.store).link == "down", within_s=40)
        own_postgres.start()
        eventually(region.all_confirmed, within_s=60)
        region.archive = open_archive(region.hospital)
        region.check()
    finally:
        region.end()


def test_a_revoked_box_is_fenced(region: Region) -> None:
    region.enrol()
    region.measure(3)
    eventually(region.all_confirmed, within_s=40)
    shut_out(region.hospital, region.archive, region.box.box_id)
    region.measure(3)
    eventually(lambda: outbox.ledger(region.store).link in ("fenced", "down"), within_s=40)
    assert chart.count_readings(region.archive) == 3
    box = boxes.get(region.archive, region.box.box_id)
    assert box is not None
    assert box.standing == "revoked"


def test_the_command_speaks_json(region: Region) -> None:
    region.enrol()
    region.measure(2)
    eventually(region.all_confirmed, within_s=40)
    told = json.loads(_command(region, "status", "--json"))
    assert told["archive"]["readings"] == 2
    assert told["boxes"][0]["clinic"] == CLINIC
    claim = json.loads(_command(region, "claim", "--clinic", "Hunza", "--this-machine", "--json"))
    assert claim["claim"].startswith("HP1:")


def _command(region: Region, *verb: str) -> str:
    environment = os.environ | {"HEALTHPOST_HOSPITAL_HOME": str(region.hospital.home)}
    command = [sys.executable, "-m", "provisioning.cli", "hospital", *verb]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout
