"""The broker's configuration on real brokers: who is let in, and who may say what."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broker import free_port
from eventually import eventually

from hospital.archive.errors import BrokerError
from hospital.archive.settings import HospitalSettings
from hospital.broker import broker
from hospital.fleet.authority import Authority
from sync.keys.keys import TLS_FILE, BoxKeys, certificate_request
from sync.link.link import Link
from sync.link.transport import (
    Address,
    Down,
    Event,
    Message,
    PublishAcked,
    PublishFailed,
    Tls,
    Up,
    Why,
)

pytestmark = pytest.mark.system
KINDS = ("mosquitto", "iotcore")


class House:
    """A hospital's folder with a running broker."""

    def __init__(self, home: Path, kind: str, worker_port: int | None = None) -> None:
        port = free_port()
        self.settings = HospitalSettings(
            home=home, broker=kind, broker_port=port, worker_port=worker_port or port
        )
        self.authority = Authority.create(self.settings.authority, "Test", now())
        broker.certify_worker(self.settings, self.authority, now())
        self.serials: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.links: list[Link] = []

    def start(self) -> None:
        prepared = broker.prepare(self.settings, self.authority, now())
        self.process = subprocess.Popen(prepared.command)
        for port in {self.settings.broker_port, self.settings.worker_port}:
            eventually(lambda port=port: listens(port))

    def stop(self) -> None:
        for link in self.links:
            link.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def box_tls(self, name: str, authority: Authority | None = None) -> Tls:
        folder = self.settings.home / name
        keys = BoxKeys.generate()
        keys.save(folder)
        signer = authority or self.authority
        signed = signer.sign_box(certificate_request(keys, name), name, now())
        self.serials[name] = signed.serial
        (folder / "box.crt").write_bytes(signed.pem)
        return Tls(self.authority.root_file, folder / "box.crt", folder / TLS_FILE)

    def box(self, name: str, *topics: str, tls: Tls | None = None, client: str = "") -> Link:
        address = Address("127.0.0.1", self.settings.broker_port)
        link = Link(address, tls or self.box_tls(name), client or name, topics)
        return self._opened(link)

    def worker(self, *topics: str) -> Link:
        address, tls = broker.worker_link(self.settings)
        return self._opened(Link(address, tls, "hospital", topics or ("cs/1/u/+/+",)))

    def _opened(self, link: Link) -> Link:
        self.links.append(link)
        link.open()
        return link


def now() -> datetime:
    return datetime.now(UTC)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def house(home: Path, kind: str, worker_port: int | None = None) -> Iterator[House]:
    made = House(home, kind, worker_port)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "mosquitto") as made:
        yield made


def await_event(link: Link, *kinds: type[Event]) -> Event:
    def ask() -> Event | None:
        event = link.take(0.1)
        return event if isinstance(event, kinds) else None

    return eventually(ask, every_s=0)  # type: ignore[return-value]


def greet(secure: ssl.SSLSocket) -> None:
    secure.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03abc")
    secure.recv(1)


def up(link: Link) -> Link:
    assert isinstance(await_event(link, Up, Down), Up)
    return link


def came(link: Link) -> Message:
    event = await_event(link, Message)
    assert isinstance(event, Message)
    return event


def test_a_box_and_the_worker_speak(either: House) -> None:
    worker, box = up(either.worker()), up(either.box("box1", "cs/1/d/box1/#"))
    box.publish("cs/1/u/box1/c", b"x" * 65_536)
    assert isinstance(await_event(box, PublishAcked, PublishFailed), PublishAcked)
    assert came(worker).payload == b"x" * 65_536
    worker.publish("cs/1/d/box1/r", b"receipt")
    assert came(box).payload == b"receipt"


def test_without_a_certificate_nobody_is_heard(mosquitto: House) -> None:
    context = ssl.create_default_context(cafile=str(mosquitto.authority.root_file))
    address = ("127.0.0.1", mosquitto.settings.broker_port)
    with (
        socket.create_connection(address, 5) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        pytest.raises(OSError, match="(?i)certificate.required|eof|reset|broken pipe"),
    ):
        greet(secure)


def test_a_certificate_of_another_authority_is_refused(mosquitto: House, tmp_path: Path) -> None:
    other = Authority.create(tmp_path / "other", "Other", now())
    link = mosquitto.box("box1", tls=mosquitto.box_tls("box1", other))
    assert isinstance(await_event(link, Up, Down), Down)


def test_a_box_finds_out_a_broker_that_is_not_its_hospitals(either: House, tmp_path: Path) -> None:
    other = Authority.create(tmp_path / "other", "Other", now())
    tls = replace(either.box_tls("box1"), ca=other.root_file)
    down = await_event(either.box("box1", tls=tls), Up, Down)
    assert isinstance(down, Down)
    assert down.why is Why.REFUSED


def test_a_box_publishes_only_under_its_own_topic(mosquitto: House) -> None:
    worker, box = up(mosquitto.worker()), up(mosquitto.box("box1"))
    box.publish("cs/1/u/box2/c", b"in another's name")
    assert isinstance(await_event(box, PublishAcked, PublishFailed), PublishFailed)
    box.publish("cs/1/d/box2/r", b"in the hospital's name")
    assert isinstance(await_event(box, PublishAcked, PublishFailed), PublishFailed)
    box.publish("cs/1/u/box1/c", b"mine")
    assert came(worker).payload == b"mine"


def test_a_box_hears_only_what_is_for_it(mosquitto: House) -> None:
    worker, curious = up(mosquitto.worker()), up(mosquitto.box("box1", "#"))
    other = up(mosquitto.box("box2", "cs/1/d/box2/#"))
    other.publish("cs/1/u/box2/c", b"upwards")
    worker.publish("cs/1/d/box2/r", b"for box2")
    worker.publish("cs/1/d/box1/r", b"for box1")
    assert came(other).payload == b"for box2"
    assert came(curious).payload == b"for box1"


def test_another_boxs_name_as_client_id_takes_nothing_over(mosquitto: House) -> None:
    victim = up(mosquitto.box("box1", "cs/1/d/box1/#"))
    up(mosquitto.box("box2", client="box1"))
    worker = up(mosquitto.worker())
    worker.publish("cs/1/d/box1/r", b"still here")
    assert came(victim).payload == b"still here"


def test_a_revoked_certificate_is_refused(mosquitto: House) -> None:
    tls = mosquitto.box_tls("box1")
    up(mosquitto.box("box1", tls=tls)).close()
    mosquitto.authority.revoke(mosquitto.serials["box1"], now())
    mosquitto.stop()
    mosquitto.start()
    down = await_event(mosquitto.box("box1", tls=tls), Up, Down)
    assert isinstance(down, Down)
    assert down.why is Why.REFUSED
    up(mosquitto.box("box2"))


def test_the_worker_may_have_a_listener_of_its_own(tmp_path: Path) -> None:
    with house(tmp_path, "mosquitto", free_port()) as made:
        worker, box = up(made.worker()), up(made.box("box1"))
        box.publish("cs/1/u/box1/a", b"alert")
        assert came(worker).payload == b"alert"


def test_the_embedded_broker_owns_up_to_its_limits(tmp_path: Path) -> None:
    settings = HospitalSettings(tmp_path)
    assert "checks no client certificates" in broker.limits(settings)[0]
    assert broker.limits(replace(settings, broker="mosquitto")) == ()


@pytest.mark.parametrize("listen", ["0.0.0.0", "192.0.2.7", "::", "clinic.example"])
def test_the_embedded_broker_stays_on_this_machine(tmp_path: Path, listen: str) -> None:
    authority = Authority.create(tmp_path / "authority", "Test", now())
    settings = HospitalSettings(tmp_path, broker="iotcore", broker_listen=listen)
    with pytest.raises(BrokerError, match="mosquitto"):
        broker.prepare(settings, authority, now())


def test_an_external_broker_gets_files_and_no_command(tmp_path: Path) -> None:
    settings = HospitalSettings(tmp_path, broker="external")
    authority = Authority.create(settings.authority, "Test", now())
    prepared = broker.prepare(settings, authority, now())
    assert prepared.command == ()
    assert "use_username_as_clientid true" in prepared.config.read_text()


def test_mosquitto_missing_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(broker, "_SBIN", str(tmp_path))
    authority = Authority.create(tmp_path / "authority", "Test", now())
    with pytest.raises(BrokerError, match="not installed"):
        broker.prepare(HospitalSettings(tmp_path, broker="mosquitto"), authority, now())
