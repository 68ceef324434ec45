"""Two boxes of one clinic and their hospital, on a real broker, each end the shipped loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archives import open_at
from broker import Broker

from edge.settings.box_settings import Settings, settings_file
from edge.store.store import Store
from hospital.archive import Archive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving.worker import WIRED, Worker
from provisioning.box_setup import init_box, set_link
from sync.core import topics
from sync.courier.process import serve
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import TLS_FILE, BoxKeys, HospitalKeys
from sync.link.link import Link

CLINIC = "Thar Post 7"


class Post:
    """One box: its home, its file, its courier."""

    def __init__(self, home: Path, broker: Broker, hospital: HospitalKeys) -> None:
        self.home = home
        self.settings: Settings = init_box(home, CLINIC)
        self.keys = BoxKeys.generate()
        self.keys.save(self.settings.keys)
        tls = broker.box(self.settings.box_id)
        (self.settings.keys / TLS_FILE).write_bytes(tls.key.read_bytes())
        public = hospital.public
        grant = Grant(
            tls.certificate.read_text(),
            tls.ca.read_text(),
            public.sign,
            public.decrypt,
            "127.0.0.1",
            broker.port,
            CLINIC,
        )
        membership.keep(self.settings.keys, grant)
        set_link(home, grant.broker_host, grant.broker_port)
        file = settings_file(home)
        text = file.read_text().replace("[link]", "[link]\nretry_cap_s = 1")
        file.write_text(text)
        self.store = Store.open(self.settings.database)

    def enter(self, archive: Archive) -> None:
        """Let the hospital know this box."""
        serial = self.settings.box_id[:2]
        with archive.transaction():
            boxes.enter(
                archive,
                Box(self.settings.box_id, CLINIC, self.keys.public, serial, _now_ms()),
            )

    @contextmanager
    def linked(self) -> Iterator[None]:
        """Run the courier in a thread."""
        stop = threading.Event()
        thread = threading.Thread(target=serve, args=(self.home, stop.is_set))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class House:
    """The hospital's receive worker over an archive of either engine."""

    def __init__(self, folder: Path, broker: Broker, address: str) -> None:
        self.keys = HospitalKeys.generate()
        self.broker = broker
        self.address = address
        self.archive = open_at(address)
        self.posts = [Post(folder / name, broker, self.keys) for name in ("one", "two")]
        for post in self.posts:
            post.enter(self.archive)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Run the worker in a thread."""
        tls = self.broker.worker()
        link = Link(
            self.broker.address, tls, "hospital", (topics.EVERY_UP,), manual_ack=True, limits=WIRED
        )
        worker = Worker(lambda: open_at(self.address), self.keys, link)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield
        finally:
            worker.stop()
            thread.join()

    @contextmanager
    def linked(self, *posts: Post) -> Iterator[None]:
        """Run the worker and the couriers of some posts (without any: of both)."""
        with ExitStack() as stack:
            stack.enter_context(self.working())
            for post in posts or self.posts:
                stack.enter_context(post.linked())
            yield

    def close(self) -> None:
        """Close what tests opened."""
        self.archive.close()
        for post in self.posts:
            post.store.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
