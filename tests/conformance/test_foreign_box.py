"""A box written from the pages of CS/1 alone works with a real hospital."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen
from uuid import uuid4

import foreign_bytes
import foreign_packing
import pytest
from archives import open_at
from broker import MOSQUITTO, free_port
from eventually import eventually
from foreign_box import Box, Fenced, Lane, Link, Pack
from foreign_bytes import Keys, content_id, plain

pytestmark = pytest.mark.system
CLINIC, DOCTOR, PASSWORD = "Chak 14", "doctor", "a long enough password"


class Hospital:
    """A hospital made, served and asked by its own commands, with Mosquitto and SQLite."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{free_port()}"
        account = ("--user", DOCTOR)
        broker = ("--broker", "mosquitto", "--broker-port", str(free_port()))
        self.command("init", *account, *broker, "--desk-port", self.url.rpartition(":")[2],
                     typed=PASSWORD)  # fmt: skip
        self._serving = subprocess.Popen(self._words("serve"), env=self._environment())
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))
        eventually(self._answers)
        form = urlencode({"name": DOCTOR, "password": PASSWORD}).encode()
        self._browser.open(Request(f"{self.url}/sign-in", form, {"Origin": self.url})).close()

    def command(self, *words: str, typed: str = "") -> dict[str, object]:
        done = subprocess.run(
            self._words(*words, "--json"),
            env=self._environment(),
            input=typed,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        told: dict[str, object] = json.loads(done.stdout)
        return told

    def claim(self) -> str:
        return str(self.command("claim", "--clinic", CLINIC, "--this-machine")["claim"])

    def held(self, box_id: str) -> list[str]:
        """Return the content ids of the records that the archive holds of a box, sorted."""
        archive = open_at(str(self.home / "archive.db"))
        try:
            rows = archive.rows(
                "SELECT id FROM record WHERE box = ? AND trouble IS NULL", (box_id,)
            )
        finally:
            archive.close()
        return sorted(row["id"] for row in rows)

    def shown(self, path: str, patient: str) -> list[str]:
        """Return what a page of the desk shows of a patient: rows or cards, as HTML."""
        with self._browser.open(self.url + path) as response:
            page: str = response.read().decode()
        rows = re.findall(r"<tr.*?</tr>|<li class=\"card.*?</li>", page, re.DOTALL)
        return [row for row in rows if f"/patients/{patient}" in row]

    def end(self) -> None:
        self._serving.terminate()
        self._serving.wait(30)

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "provisioning.cli", "hospital", *words]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"HEALTHPOST_HOSPITAL_HOME": str(self.home)}

    def _answers(self) -> bool:
        try:
            with urlopen(self.url + "/enrol", timeout=5):
                return True
        except HTTPError as answer:
            answer.close()
            return True
        except OSError:
            return False


class Post:
    """A foreign box that has enrolled, and the folder for the files of its links."""

    def __init__(self, hospital: Hospital, folder: Path, pack: Pack) -> None:
        self.folder = folder
        self.box_id = "foreign-" + os.urandom(4).hex()
        claim = foreign_bytes.read_claim(hospital.claim())
        keys = Keys()
        csr, self.tls_key = foreign_bytes.make_csr(self.box_id)
        request, digest = foreign_bytes.make_request(claim, self.box_id, csr, keys)
        grant = foreign_bytes.read_answer(foreign_bytes.post(claim, request), claim, digest)
        self.box = Box(self.box_id, grant, keys, pack)
        self.patient = str(uuid4())

    @contextmanager
    def link(self) -> Iterator[Link]:
        link = Link(self.box_id, self.box.grant, self.tls_key, self.folder)
        try:
            yield link
        finally:
            link.close()

    def deliver(self) -> None:
        with self.link() as link:
            self.box.deliver(link)

    def measure(self, spo2: str) -> None:
        """Record a patient's reading, and its alert."""
        values = [["59408-5", spo2, "%"], ["8867-4", "104", "/min"]]
        reading = {"kind": "oximetry", "patient": self.patient, "source": "typed", "values": values}
        alert = {
            "bound": "91",
            "level": "urgent",
            "parameter": "spo2",
            "patient": self.patient,
            "reading": self.box.record("c", "reading", reading),
            "rule": "news2-red",
            "value": values[0],
        }
        self.box.record("a", "alert", alert)

    def register(self, name: str) -> None:
        patient = {"patient": self.patient, "rev": 1, "name": name, "sex": "female"}
        self.box.record("c", "patient", patient)

    def ids(self) -> set[str]:
        lanes = self.box.lanes.values()
        return {content_id(self.box_id, record) for lane in lanes for record in lane.records}

    def fall_back(self, records: dict[str, int]) -> None:
        """Go on from an old copy of the box, which holds so many records of each lane."""
        box = self.box
        self.box = Box(box.box_id, box.grant, box.keys, box.pack)
        self.box.epoch = box.epoch
        self.box.lanes = {n: Lane(lane.records[: records[n]]) for n, lane in box.lanes.items()}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    running = Hospital(tmp_path_factory.mktemp("conformance") / "hospital")
    yield running
    running.end()


@pytest.mark.parametrize("pack", [plain, foreign_packing.pack], ids=["plain", "packed"])
def test_what_a_foreign_box_delivers_stands_at_the_hospital(
    hospital: Hospital, tmp_path: Path, pack: Pack
) -> None:
    post = Post(hospital, tmp_path, pack)
    post.register("Gul Makai")
    post.measure("88")
    post.measure("81.5")
    post.deliver()
    assert {name: lane.cum for name, lane in post.box.lanes.items()} == {"a": 2, "c": 3}
    assert hospital.held(post.box_id) == sorted(post.ids())
    for page in ("/", "/alerts"):
        newer, older = hospital.shown(page, post.patient)
        assert "Gul Makai" in newer
        assert "Urgent" in newer
        assert 'class="quantity">81.5 <' in newer
        assert 'class="quantity">88 <' in older


def test_a_record_is_safe_when_a_backup_holds_it(hospital: Hospital, tmp_path: Path) -> None:
    post = Post(hospital, tmp_path, plain)
    post.measure("88")
    with post.link() as link:
        post.box.deliver(link)
        assert {lane.safe for lane in post.box.lanes.values()} == {0}
        number = hospital.command("backup-begin")["number"]
        hospital.command("backup-done", str(number), "--place", "another machine")

        def safe() -> bool:
            frame = link.receive(1)
            if frame:
                post.box.take(link, frame)
            return all(lane.safe == lane.cum for lane in post.box.lanes.values())

        eventually(safe, within_s=90)


def test_a_box_that_fell_back_begins_anew_and_doubles_nothing(
    hospital: Hospital, tmp_path: Path
) -> None:
    post = Post(hospital, tmp_path, plain)
    post.measure("88")
    post.measure("86")
    post.deliver()
    known = post.ids()
    post.fall_back({"a": 1, "c": 1})
    post.measure("84")
    post.deliver()
    assert post.box.epoch == 2
    assert [lane.cum for lane in post.box.lanes.values()] == [2, 3]  # the third is of kind epoch
    assert hospital.held(post.box_id) == sorted(known | post.ids())
    assert len(hospital.shown("/", post.patient)) == 3
    post.fall_back({"a": 0, "c": 0})
    with pytest.raises(Fenced, match="quarantined"):
        post.deliver()


def test_a_box_that_names_its_machine_may_fall_back_at_every_boot(
    hospital: Hospital, tmp_path: Path
) -> None:
    post = Post(hospital, tmp_path, plain)
    post.measure("88")
    for boot in range(1, 5):
        post.box.machine = {"machine": "board one", "boot": f"boot {boot}"}
        post.deliver()
        post.fall_back({"a": 0, "c": 0})
        post.box.machine = {"machine": "board one", "boot": f"boot {boot} again"}
    post.deliver()
    assert post.box.epoch == 5
    assert set(post.ids()) <= set(hospital.held(post.box_id))


def test_what_cannot_be_read_goes_again_one_by_one(hospital: Hospital, tmp_path: Path) -> None:
    def nonsense(records: list[bytes]) -> tuple[int, bytes]:
        sent.extend(records)
        return foreign_bytes.SCHEMA_PACKED, b"\x07" + b"".join(records)

    sent: list[bytes] = []
    post = Post(hospital, tmp_path, nonsense)
    post.register("Zahra")
    post.measure("88")
    post.deliver()
    assert len(sent) == 3
    assert hospital.held(post.box_id) == sorted(post.ids())
