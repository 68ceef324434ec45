"""A district of real processes to be broken: PostgreSQL, Mosquitto, a receive worker, boxes.

Every box speaks through a muddy road of its own, and a spy inside the broker keeps every message.
Nothing here runs by itself: whoever waits, waits by `until`, which starts again what has died.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from archives import open_at
from broker import client_files, free_port
from canaries import Capture
from eventually import eventually
from history import BoxSide, HospitalSide, Record, Stream
from history_read import box_side, hospital_side, records
from muddy_road import MuddyRoad
from postgres import Cluster

from edge.feed import replica
from edge.model.entry import Entry, EntryKind
from edge.settings.box_settings import Settings, settings_file
from edge.store import journal, outbox
from edge.store.store import Store
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.broker import broker
from hospital.cli.init import create_hospital
from hospital.fleet import boxes
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.receiving import backup, custody
from provisioning.box_setup import init_box, set_link
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import TLS_FILE, BoxKeys, HospitalKeys
from sync.link.link import Link
from sync.link.transport import Address, Down, Message, Tls

SPY = "spy"
RECORDER = Path(__file__).with_name("recorder.py")
SETTLE_S = 240


class Process:
    """One real process; `wanted` ones are started again when they die."""

    def __init__(self, name: str, command: Sequence[str], log: Path, **environment: str) -> None:
        self.name, self.wanted = name, False
        self._command, self._log = command, log
        self._environment = {**os.environ, **environment}
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    def tend(self) -> None:
        if self.wanted and (self._popen is None or self._popen.poll() is not None):
            with self._log.open("ab") as log:
                self._popen = subprocess.Popen(
                    self._command, env=self._environment, stdout=log, stderr=log
                )

    def send(self, number: int) -> None:
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(number)

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it for now, and wait until it is gone."""
        self.wanted = False
        self.send(number)
        if self._popen is not None:
            self._popen.wait(60)
        self._popen = None

    def start(self) -> None:
        self.wanted = True
        self.tend()


class Spy:
    """An administrator inside the broker: keeps every message, and can say it again."""

    def __init__(self, address: Address, tls: Tls) -> None:
        self._plan = (address, tls)
        self._kept: list[Capture] = []
        self._stop = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spy")
        self._thread.start()

    def kept(self) -> list[Capture]:
        return list(self._kept)

    def replay(self, captures: Sequence[Capture]) -> None:
        """Publish captured messages anew, in their order, while nobody else uses this name."""
        link = self._link()
        try:
            for capture in captures:
                link.publish(capture.topic, capture.payload)
                eventually(lambda: self._taken(link), every_s=0)
        finally:
            link.close()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _taken(self, link: Link) -> bool:
        event = link.take(0.5)
        assert not isinstance(event, Down), event
        return event is not None and not isinstance(event, Message)

    def _link(self) -> Link:
        link = Link(*self._plan, SPY, ())
        link.open()
        eventually(lambda: link.take(0.2) is not None and link.up)
        return link

    def _run(self) -> None:
        link = Link(*self._plan, SPY, ("cs/1/#",))
        link.open()
        while not self._stop.is_set():
            event = link.take(0.1)
            if isinstance(event, Message):
                number = len(self._kept)
                self._kept.append(Capture(number, event.topic, event.payload))
            elif isinstance(event, Down):
                self.listening.clear()
                self._stop.wait(0.1)
                link.open()
            elif event is not None:
                self.listening.set()
        link.close()


class Post:
    """One machine at a clinic: its home, its road, its courier and its recorder."""

    def __init__(self, name: str, home: Path, clinic: str, road: MuddyRoad, seed: int) -> None:
        self.name, self.home, self.clinic, self.road = name, home, clinic, road
        self.settings = Settings.load(home)
        self.box_id = self.settings.box_id
        self.store = Store.open(self.settings.database)
        self.promises = home.with_name(f"{home.name}.promises")
        self.promises.touch()
        self._log = home.with_name(f"{home.name}.log")
        self.courier = self._courier()
        arguments = (str(RECORDER), str(home), str(self.promises), str(seed), "0.1")
        self.recorder = Process(f"recorder of {name}", (sys.executable, *arguments), self._log)

    @property
    def processes(self) -> tuple[Process, Process]:
        return self.courier, self.recorder

    def promised(self) -> list[Record]:
        """What was promised so far; a line that a kill cut short promised nothing."""
        told = []
        for line in self.promises.read_bytes().split(b"\n")[:-1]:
            try:
                Entry.parse(line)
            except ValueError:
                continue
            told.append((self.box_id, line))
        return told

    def side(self) -> BoxSide:
        return box_side(self.store, self.name, self.clinic)

    def settled(self) -> bool:
        ledger = outbox.ledger(self.store)
        files = self.store.scalar("SELECT count(*) FROM file WHERE done = 0")
        return ledger.waiting == files == 0 and ledger.agrees and ledger.link == "up"

    def say_something(self) -> None:
        with self.store.transaction():
            journal.append(self.store, EntryKind.VIEW, self.store.clock().now(), {"of": "nobody"})

    def put_card(self, image: Path) -> set[Record]:
        """Put an old copy of its card in while it has no power; return what that destroys."""
        gone = {(self.box_id, record) for record in records(self.store)}
        gone |= set(self.promised())
        self.store.close()
        for left in self.home.glob("box.db*"):
            left.unlink()
        shutil.copy(image, self.home / "box.db")
        self.store = Store.open(self.settings.database)
        return gone - {(self.box_id, record) for record in records(self.store)}

    def move_behind(self, host: str, port: int, inside: Sequence[str]) -> None:
        """Let the courier run elsewhere, without the road."""
        set_link(self.home, host, port)
        self.courier = self._courier(inside)

    def end(self) -> None:
        for process in self.processes:
            process.stop()
        self.road.close()
        self.store.close()

    def _courier(self, inside: Sequence[str] = ()) -> Process:
        command = (*inside, sys.executable, "-m", "sync.courier")
        name = f"courier of {self.name}"
        return Process(name, command, self._log, HEALTHPOST_HOME=str(self.home))


class Region:
    """The hospital and its posts."""

    def __init__(self, folder: Path, cluster: Cluster, host: str = "127.0.0.1") -> None:
        """`host` is where boxes find the broker; couriers that run elsewhere need another."""
        self.folder, self.cluster = folder, cluster
        self.address = cluster.fresh()
        port = free_port()
        self.settings = create_hospital(
            HospitalSettings(
                folder / "hospital",
                broker="mosquitto",
                broker_listen="127.0.0.1" if host == "127.0.0.1" else "0.0.0.0",
                broker_port=port,
                names=(host, "localhost", "127.0.0.1"),
                worker_port=port,
                desk_port=free_port(),
                archive=self.address,
            )
        )
        authority, now = Authority.open(self.settings.authority), datetime.now(UTC)
        broker.certify_worker(self.settings, authority, now)
        prepared = broker.prepare(self.settings, authority, now)
        rules = prepared.config.with_name("rules.acl")
        rules.write_text(f"{rules.read_text()}\nuser {SPY}\ntopic readwrite cs/1/#\n")
        self.broker = Process("broker", prepared.command, folder / "broker.log")
        self.worker = Process(
            "receive worker",
            (sys.executable, "-m", "hospital.receiving.worker"),
            folder / "worker.log",
            HEALTHPOST_HOSPITAL_HOME=str(self.settings.home),
        )
        self.posts: list[Post] = []
        self._authority = authority
        self._spy_tls = client_files(authority, folder / SPY, SPY)
        self.spy: Spy | None = None

    @property
    def processes(self) -> list[Process]:
        return [self.broker, self.worker, *(p for post in self.posts for p in post.processes)]

    def start(self) -> None:
        self.broker.start()
        self.worker.start()
        self.listen()

    def listen(self) -> Spy:
        self.spy = Spy(Address("127.0.0.1", self.settings.broker_port), self._spy_tls)
        self.until(self.spy.listening.is_set)
        return self.spy

    def spied(self) -> list[Capture]:
        """What the broker saw so far."""
        assert self.spy is not None
        return self.spy.kept()

    def until(self, ask: Callable[[], object], within_s: float = SETTLE_S) -> None:
        """Wait for something, starting again what has died meanwhile."""

        def look() -> object:
            for process in self.processes:
                process.tend()
            return ask()

        eventually(look, within_s=within_s)

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        opened = open_at(self.address)
        try:
            yield opened
        finally:
            opened.close()

    def side(self) -> HospitalSide:
        with self.archive() as archive:
            return hospital_side(archive)

    def feeds_agree(self, clinic: str, posts: Sequence[Post]) -> bool:
        """Whether the replicas of a clinic's posts are at the version of its feed."""
        told = dict(self.side().feeds).get(clinic)
        at = [replica.cursor(post.store) for post in posts]
        return told is not None and all((c.epoch, c.ver) == (told.epoch, told.ver) for c in at)

    def enrol(self, name: str, clinic: str, seed: int) -> Post:
        """A new machine with a box of its own, enrolled; nothing of it runs yet."""
        home = self.folder / name
        settings = init_box(home, clinic)
        keys = BoxKeys.generate()
        keys.save(settings.keys)
        tls = client_files(self._authority, home / "papers", settings.box_id)
        (settings.keys / TLS_FILE).write_bytes(tls.key.read_bytes())
        hospital = HospitalKeys.load(self.settings.keys).public
        road = MuddyRoad(self.settings.broker_port)
        certificate, root = tls.certificate.read_text(), tls.ca.read_text()
        papers = (certificate, root, hospital.sign, hospital.decrypt, "127.0.0.1", road.port)
        membership.keep(settings.keys, Grant(*papers, clinic))
        set_link(home, "127.0.0.1", road.port)
        file = settings_file(home)
        file.write_text(file.read_text().replace("[link]", "[link]\nretry_cap_s = 1", 1))
        with self.archive() as archive, archive.transaction():
            boxes.enter(archive, Box(settings.box_id, clinic, keys.public, "0a", _now_ms()))
        return self._post(Post(name, home, clinic, road, seed))

    def clone(self, post: Post, name: str, seed: int) -> Post:
        """A second machine from a copy of the first one's card."""
        home = self.folder / name
        home.mkdir()
        post.store.copy_to(home / "box.db")
        for folder in ("keys", "files"):
            if (post.home / folder).exists():
                shutil.copytree(post.home / folder, home / folder)
        shutil.copy(settings_file(post.home), settings_file(home))
        road = MuddyRoad(self.settings.broker_port)
        set_link(home, "127.0.0.1", road.port)
        return self._post(Post(name, home, post.clinic, road, seed))

    def back_up(self, name: str) -> tuple[Path, HospitalSide]:
        """Copy the archive to another disk, and tell the boxes what is safe by it.

        Returns the copy, and the streams that stand in it.
        """
        copy = self.folder / name
        with self.archive() as archive:
            backup.back_up(archive, copy, _now_ms(), trusted=True)
        streams = tuple(Stream(*row) for row in self.cluster.streams_in(copy))
        return copy, HospitalSide(0, (), streams, (), (), ())

    def crash_database(self) -> None:
        """Kill PostgreSQL as a power cut would."""
        self.cluster.stop("immediate")

    def restore(self, copy: Path) -> HospitalSide:
        """Lose the archive and bring it back from a copy, by the book; return what was lost."""
        self.worker.stop(signal.SIGTERM)
        lost = self.side()
        self.cluster.replace(self.address, copy)
        with self.archive() as archive:
            custody.new_generation(archive)
        self.worker.start()
        return lost

    def end(self) -> None:
        for post in self.posts:
            post.end()
        if self.spy is not None:
            self.spy.close()
        self.worker.stop()
        self.broker.stop()

    def _post(self, post: Post) -> Post:
        self.posts.append(post)
        return post


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
