"""A hospital's receive worker, a broker and boxes with real courier processes, to be broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from broker import Broker

from edge.model.entry import Entry, Lane, content_id
from edge.settings.box_settings import settings_file
from edge.store import issues, journal, outbox
from edge.store.store import Store
from hospital.archive import Archive
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving.worker import WIRED, KeyWatch, Worker
from provisioning.box_setup import init_box, set_link
from sync.core import topics
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import TLS_FILE, BoxKeys, HospitalKeys
from sync.link.link import Link

CLINIC = "Clinic of Hope"


class House:
    """A hospital over SQLite, its worker in a thread."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder, self.broker = folder, broker
        self.keys = HospitalKeys.generate()
        self.keys.save(folder / "hospital-keys")
        self.file = folder / "archive.db"
        self.archive = SqliteArchive.open(self.file)
        self.machines: list[Machine] = []
        self._tls = broker.worker()
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        link = Link(
            self.broker.address,
            self._tls,
            "hospital",
            (topics.EVERY_UP,),
            manual_ack=True,
            limits=WIRED,
        )
        self._worker = Worker(
            self._open,
            self.keys,
            link,
            authority=self.broker.authority,
            newer_keys=KeyWatch(self.folder / "hospital-keys"),
        )
        self._thread = threading.Thread(target=self._worker.run)
        self._thread.start()

    def stop(self) -> None:
        if self._worker is not None and self._thread is not None:
            self._worker.stop()
            self._thread.join()

    def end(self) -> None:
        for machine in self.machines:
            machine.end()
        self.stop()
        self.archive.close()

    def restore(self, copy: Path) -> None:
        """Bring the archive back from a copy, as after the loss of its disk."""
        self.stop()
        self.archive.close()
        for left in self.folder.glob("archive.db*"):
            left.unlink()
        shutil.copy(copy, self.file)
        self.archive = SqliteArchive.open(self.file)

    def enrolled(self, name: str = "box") -> Machine:
        """A new machine with a box of its own, enrolled."""
        home = self.folder / name
        settings = init_box(home, CLINIC)
        keys = BoxKeys.generate()
        keys.save(settings.keys)
        tls = self.broker.box(settings.box_id)
        grant = Grant(
            tls.certificate.read_text(),
            tls.ca.read_text(),
            self.keys.public.sign,
            self.keys.public.decrypt,
            "127.0.0.1",
            self.broker.port,
            CLINIC,
        )
        (settings.keys / TLS_FILE).write_bytes(tls.key.read_bytes())
        membership.keep(settings.keys, grant)
        file = settings_file(home)
        file.write_text(file.read_text() + "\n[link]\nretry_cap_s = 1\n")
        set_link(home, grant.broker_host, grant.broker_port)
        with self.archive.transaction():
            now_ms = int(datetime.now(UTC).timestamp() * 1000)
            boxes.enter(self.archive, Box(settings.box_id, CLINIC, keys.public, "0a", now_ms))
        return self._machine(home, settings.box_id)

    def clone(self, machine: Machine, name: str) -> Machine:
        """A second machine from a copy of the first one's card."""
        home = self.folder / name
        home.mkdir()
        machine.store.copy_to(home / "box.db")
        shutil.copytree(machine.home / "keys", home / "keys")
        shutil.copy(settings_file(machine.home), settings_file(home))
        return self._machine(home, machine.box_id)

    def held(self, box_id: str) -> set[str]:
        rows = self.archive.rows("SELECT id FROM record WHERE box = ?", (box_id,))
        return {r["id"] for r in rows}

    def standing(self, box_id: str) -> str:
        box = boxes.get(self.archive, box_id)
        return "" if box is None else box.standing

    def _open(self) -> Archive:
        return SqliteArchive.open(self.file)

    def _machine(self, home: Path, box_id: str) -> Machine:
        machine = Machine(home, box_id)
        self.machines.append(machine)
        return machine


class Machine:
    """A box's home and its courier process."""

    def __init__(self, home: Path, box_id: str) -> None:
        self.home, self.box_id = home, box_id
        self.store = Store.open(home / "box.db")
        self._process: subprocess.Popen[bytes] | None = None

    def record(self, count: int, lane: Lane = Lane.CLINICAL) -> None:
        clock = self.store.clock()
        with self.store.transaction():
            for number in range(count):
                body = {"number": number, "noise": os.urandom(40).hex()}
                journal.append_in(self.store, lane, Entry("view", clock.now(), body))

    def begin(self) -> None:
        environment = {**os.environ, "HEALTHPOST_HOME": str(self.home)}
        self._process = subprocess.Popen([sys.executable, "-m", "sync.courier"], env=environment)

    def kill(self) -> None:
        """Cut the power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        self.kill()
        self.store.close()

    def roll_back(self, image: Path) -> None:
        """Put an old image of the card in."""
        self.kill()
        self.store.close()
        for left in self.home.glob("box.db*"):
            left.unlink()
        shutil.copy(image, self.home / "box.db")
        self.store = Store.open(self.home / "box.db")

    def ids(self) -> set[str]:
        """The content ids of everything in the journal."""
        entries = [e.canonical() for _, e in journal.since(self.store, 0, 1_000_000)]
        return {str(content_id(self.box_id, record)) for record in entries}

    def all_confirmed(self) -> bool:
        ledger = outbox.ledger(self.store)
        return ledger.captured > 0 and ledger.waiting == 0 and ledger.agrees

    def epoch(self) -> int:
        return outbox.state(self.store, Lane.CLINICAL).epoch

    def complaints(self) -> set[str]:
        return {c.kind for c in issues.current(self.store)}
