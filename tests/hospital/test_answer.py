"""The enrolment door over HTTP, and the worker's loop when a frame or the archive misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broker import Broker, running
from eventually import eventually
from flask.testing import FlaskClient

from hospital.archive import Archive
from hospital.archive.errors import ArchiveDown
from hospital.archive.outgoing import OutgoingFrame
from hospital.archive.settings import HospitalSettings
from hospital.archive.sqlite import SqliteArchive
from hospital.desk import create_app
from hospital.desk.context import Parts
from hospital.fleet import claims
from hospital.fleet.authority import Authority
from hospital.fleet.claims import Offer
from hospital.receiving import custody, receiver
from hospital.receiving import worker as receiving_worker
from hospital.receiving.worker import WIRED, Receiver, Worker
from sync.core import topics
from sync.keys.enrolment import MAX_MESSAGE, EnrolmentError, Request, ask, open_answer
from sync.keys.keys import BoxKeys, HospitalKeys, certificate_request
from sync.link.link import Link
from sync.link.transport import Event, PublishAcked, Up

KEYS = HospitalKeys.generate()


class House:
    """A desk over a real archive that can be taken away."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.file = folder / "archive.db"
        self.down = False
        offer = Offer(KEYS.public, "127.0.0.1", 8883)
        parts = Parts(HospitalSettings(folder), self.open, authority, offer)
        self.client: FlaskClient = create_app(parts).test_client()

    def open(self) -> Archive:
        if self.down:
            raise ArchiveDown("the disk is out for repair")
        return SqliteArchive.open(self.file)


@pytest.fixture
def house(tmp_path: Path, authority: Authority) -> House:
    return House(tmp_path, authority)


def asking(house: House) -> tuple[Request, bytes]:
    archive = house.open()
    claim = claims.create(archive, "Thar", "http://desk.example", datetime.now(UTC))
    archive.close()
    keys = BoxKeys.generate()
    csr = certificate_request(keys, "box-one").decode()
    bare = Request(claim.claim_id, "box-one", csr, keys.public.sign, keys.public.decrypt)
    return ask(claim, bare, keys.sign.sign), claim.secret


def test_a_box_is_granted_over_http(house: House) -> None:
    request, secret = asking(house)
    answer = house.client.post("/enrol", data=request.encode(), content_type="application/cbor")
    assert answer.status_code == 200
    assert open_answer(request, secret, answer.data).clinic == "Thar"


@pytest.mark.parametrize(
    ("body", "status"), [(b"nonsense", 403), (b"", 403), (b"x" * (MAX_MESSAGE + 1), 413)]
)
def test_nonsense_is_refused_in_the_boxs_own_words(house: House, body: bytes, status: int) -> None:
    request, secret = asking(house)
    answer = house.client.post("/enrol", data=body, content_type="application/cbor")
    assert answer.status_code == status
    with pytest.raises(EnrolmentError) as error:
        open_answer(request, secret, answer.data)
    assert error.value.kind == "malformed"


def test_an_archive_that_is_down_says_try_again(house: House) -> None:
    request, secret = asking(house)
    house.down = True
    answer = house.client.post("/enrol", data=request.encode(), content_type="application/cbor")
    assert answer.status_code == 503
    with pytest.raises(EnrolmentError, match="try again"):
        open_answer(request, secret, answer.data)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as started:
        yield started


def box(broker: Broker) -> Link:
    link = Link(broker.address, broker.box("box1"), "box1", ())
    link.open()
    await_event(link, Up)
    return link


def await_event(link: Link, kind: type[Event]) -> Event:
    def ask_link() -> Event | None:
        event = link.take(0.1)
        return event if isinstance(event, kind) else None

    return eventually(ask_link, every_s=0)  # type: ignore[return-value]


def worker_on(broker: Broker, house: House) -> Worker:
    link = Link(broker.address, broker.worker(), "hospital", (topics.EVERY_UP,), limits=WIRED)
    return Worker(house.open, KEYS, link)


def turn_until(worker: Worker, house: House, wanted: dict[str, int]) -> None:
    def refused() -> bool:
        worker.turn()
        archive = SqliteArchive.open(house.file)
        found = custody.refusals(archive)
        archive.close()
        return found == wanted

    eventually(refused, every_s=0)


@pytest.mark.system
def test_a_frame_that_breaks_the_worker_is_set_aside(
    broker: Broker, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Receiver.receive

    def brittle(self: Receiver, topic: str, frame: bytes, now_ms: int) -> list[OutgoingFrame]:
        if frame == b"crash":
            raise ZeroDivisionError
        return whole(self, topic, frame, now_ms)

    monkeypatch.setattr(Receiver, "receive", brittle)
    worker = worker_on(broker, house)
    turn_until(worker, house, {})
    link = box(broker)
    eventually(lambda: heard(link, worker, b"crash"))
    link.publish("cs/1/u/box1/c", b"nonsense")
    turn_until(worker, house, {receiving_worker.BROKEN: 1, receiver.MALFORMED: 1})
    link.close()
    worker.stop()
    worker.run()


def heard(link: Link, worker: Worker, frame: bytes) -> bool:
    """Publish until somebody listens; the broker says whether anybody does."""
    worker.turn()
    link.publish("cs/1/u/box1/c", frame)
    acked = await_event(link, PublishAcked)
    return isinstance(acked, PublishAcked) and acked.has_subscriber


@pytest.mark.system
def test_a_worker_without_an_archive_hangs_up_and_comes_back(broker: Broker, house: House) -> None:
    house.down = True
    worker, link = worker_on(broker, house), box(broker)
    for _ in range(3):
        worker.turn()
    assert not heard(link, worker, b"nonsense")
    house.down = False
    eventually(lambda: heard(link, worker, b"nonsense"))
    turn_until(worker, house, {receiver.MALFORMED: 1})
    link.close()
    worker.stop()
    worker.run()
