"""A box joins a hospital: the real box side against the real hospital side, over HTTP."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from edge.settings.box_settings import Settings
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes, claims
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.fleet.claims import Instead, Offer
from provisioning.box_setup import init_box
from provisioning.enrol import accept, enrol, prepare
from provisioning.errors import CommandFailed, InputError
from sync.core.messages import QUARANTINED
from sync.keys import membership
from sync.keys.enrolment import Claim
from sync.keys.keys import BoxKeys, HospitalKeys, certificate_expiry

Answer = Callable[[bytes], bytes]


class Desk:
    """A hospital that takes enrolment requests at a URL; `tamper` sits on the wire."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime.now(UTC)
        self.authority = Authority.create(folder / "ca", "Test", self.now)
        self.keys = HospitalKeys.generate()
        self.file = folder / "archive.db"
        SqliteArchive.open(self.file).close()
        self.tamper: Answer = lambda data: data
        self.asked = 0
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def claim(self, readmits: str | None = None) -> Claim:
        archive = SqliteArchive.open(self.file)
        try:
            return claims.create(archive, "Clinic of Hope", self.url, self.now, Instead(readmits))
        finally:
            archive.close()

    def quarantine(self, box_id: str) -> None:
        archive = SqliteArchive.open(self.file)
        try:
            boxes.set_standing(archive, box_id, QUARANTINED, "two of them")
        finally:
            archive.close()

    def known(self, box_id: str) -> Box:
        archive = SqliteArchive.open(self.file)
        try:
            found = boxes.get(archive, box_id)
        finally:
            archive.close()
        assert found is not None
        return found

    def decide(self, message: bytes) -> tuple[bytes, bool]:
        offer = Offer(self.keys.public, "broker.example", 8883)
        archive = SqliteArchive.open(self.file)
        try:
            return claims.enrol(archive, self.authority, offer, message, self.now)
        finally:
            archive.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = self.rfile.read(int(self.headers["Content-Length"]))
                desk.asked += 1
                body, granted = desk.decide(message)
                if self.path != "/enrol":
                    body, granted = b"nothing here", False
                body = desk.tamper(body)
                self.send_response(200 if granted else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return None

        return Handler


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "hospital")
    thread = threading.Thread(target=desk.server.serve_forever, args=(0.02,))
    thread.start()
    yield desk
    desk.server.shutdown()
    thread.join()
    desk.server.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    init_box(tmp_path / "box", "Clinic of Hope")
    return tmp_path / "box"


def test_a_box_becomes_a_member(desk: Desk, home: Path) -> None:
    assert membership.load(Settings.load(home)) is None
    granted = enrol(home, desk.claim().text())
    assert (granted.clinic, granted.broker_host) == ("Clinic of Hope", "broker.example")
    member = membership.load(Settings.load(home))
    assert member is not None
    assert member.hospital == desk.keys.public
    assert (member.address.host, member.address.port) == ("broker.example", 8883)
    assert certificate_expiry(member.tls.certificate.read_bytes()) > desk.now
    for name in ("tls.key.pem", "sign.key.pem", "decrypt.key.pem"):
        assert (home / "keys" / name).stat().st_mode & 0o077 == 0


def test_doing_it_again_gives_the_very_same(desk: Desk, home: Path) -> None:
    claim = desk.claim().text()
    first = enrol(home, claim)
    assert enrol(home, claim) == first
    assert desk.asked == 2


@pytest.mark.parametrize("lost", ["answer", "certificate", "settings"])
def test_power_lost_on_the_way_is_made_good_by_trying_again(
    desk: Desk, home: Path, lost: str
) -> None:
    claim = desk.claim()
    before = (home / "healthpost.toml").read_bytes()
    granted = enrol(home, claim.text())
    if lost == "answer":  # the hospital has granted; nothing of it is here
        (home / "keys" / "ca.crt").unlink()
        (home / "keys" / "hospital.json").unlink()
    if lost in ("answer", "certificate"):
        (home / "keys" / "box.crt").unlink()
    (home / "healthpost.toml").write_bytes(before)
    assert membership.load(Settings.load(home)) is None
    assert enrol(home, claim.text()) == granted
    assert membership.load(Settings.load(home)) is not None


def test_power_lost_while_keys_were_made(desk: Desk, home: Path) -> None:
    prepare(home, desk.claim().text())
    (home / "keys" / "decrypt.key.pem").unlink()
    assert enrol(home, desk.claim().text()).clinic == "Clinic of Hope"


def test_a_claim_is_good_for_one_box(desk: Desk, home: Path, tmp_path: Path) -> None:
    claim = desk.claim().text()
    enrol(home, claim)
    init_box(tmp_path / "second", "Elsewhere")
    with pytest.raises(InputError, match="another box") as caught:
        enrol(tmp_path / "second", claim)
    assert caught.value.kind == "claim-used"
    assert membership.load(Settings.load(tmp_path / "second")) is None


def test_an_old_claim_is_refused_in_words(desk: Desk, home: Path) -> None:
    claim = desk.claim().text()
    desk.now += timedelta(days=30)
    with pytest.raises(InputError, match="new one") as caught:
        enrol(home, claim)
    assert caught.value.kind == "claim-expired"


def test_a_claim_the_hospital_never_made(desk: Desk, home: Path) -> None:
    stranger = replace(desk.claim(), claim_id="0000")
    with pytest.raises(InputError) as caught:
        enrol(home, stranger.text())
    assert caught.value.kind == "claim-unknown"


def test_a_guessed_secret(desk: Desk, home: Path) -> None:
    guess = replace(desk.claim(), secret=bytes(16))
    with pytest.raises(InputError) as caught:
        enrol(home, guess.text())
    assert caught.value.kind == "proof-wrong"


def test_a_mistyped_claim_never_leaves_the_box(desk: Desk, home: Path) -> None:
    text = desk.claim().text()
    with pytest.raises(InputError, match="mistyped") as caught:
        enrol(home, text[:20] + ("A" if text[20] != "A" else "B") + text[21:])
    assert caught.value.kind == "claim-wrong"
    assert desk.asked == 0


def test_a_hospital_that_cannot_be_reached(desk: Desk, home: Path) -> None:
    away = replace(desk.claim(), url="http://hospital.invalid:9")
    with pytest.raises(CommandFailed, match="cannot be reached") as caught:
        enrol(home, away.text())
    assert caught.value.kind == "unreachable"


def test_a_claim_that_names_the_boxs_own_machine_is_refused(desk: Desk, home: Path) -> None:
    here = replace(desk.claim(), url="http://127.0.0.1:9")
    with pytest.raises(InputError, match="names this very machine") as caught:
        enrol(home, here.text())
    assert caught.value.kind == "claim-elsewhere"
    assert Settings.load(home).broker_host is None


def test_a_broker_on_the_boxs_own_machine_is_refused(desk: Desk, home: Path) -> None:
    claim = desk.claim()
    claim, request = prepare(home, replace(claim, url="http://hospital.example").text())
    offer = Offer(desk.keys.public, "localhost", 8883)
    archive = SqliteArchive.open(desk.file)
    answer, granted = claims.enrol(archive, desk.authority, offer, request.encode(), desk.now)
    archive.close()
    assert granted
    with pytest.raises(CommandFailed, match="must set broker.host"):
        accept(home, claim, request, answer)
    assert Settings.load(home).broker_host is None


@pytest.mark.parametrize(
    "tamper",
    [
        lambda data: b"<html>Please pay for the internet</html>",
        lambda data: data[:-1],
        lambda data: data + b"\x00",
        lambda data: data.replace(b"broker.example", b"broker.evil.ex"),
        lambda data: bytes(100_000),
    ],
)
def test_somebody_on_the_wire_changes_nothing(desk: Desk, home: Path, tamper: Answer) -> None:
    claim = desk.claim().text()
    desk.tamper = tamper
    with pytest.raises(CommandFailed, match="not the hospital"):
        enrol(home, claim)
    assert membership.load(Settings.load(home)) is None
    desk.tamper = lambda data: data
    assert enrol(home, claim).clinic == "Clinic of Hope"


def test_a_wrong_path_is_not_taken_for_an_answer(desk: Desk, home: Path) -> None:
    lost = replace(desk.claim(), url=desk.url + "/elsewhere")
    with pytest.raises(CommandFailed, match="not the hospital"):
        enrol(home, lost.text())


def test_damaged_keys_of_an_enrolled_box_are_not_replaced_in_silence(
    desk: Desk, home: Path
) -> None:
    enrol(home, desk.claim().text())
    (home / "keys" / "sign.key.pem").write_text("rubbish")
    with pytest.raises(CommandFailed, match="damaged") as caught:
        enrol(home, desk.claim().text())
    assert caught.value.kind == "keys"


@pytest.fixture
def doubled(desk: Desk, home: Path) -> BoxKeys:
    """The keys of a box that was enrolled and then quarantined, because a clone has them too."""
    enrol(home, desk.claim().text())
    desk.quarantine(_box_id(home))
    return BoxKeys.load(home / "keys")


def test_a_quarantined_box_is_let_in_again_under_new_keys(
    desk: Desk, home: Path, doubled: BoxKeys
) -> None:
    old_certificate = (home / "keys" / "box.crt").read_bytes()
    claim = desk.claim(_box_id(home))
    assert enrol(home, claim.text(), new_keys=True).clinic == "Clinic of Hope"
    member = membership.load(Settings.load(home))
    assert member is not None
    assert member.keys.public.sign != doubled.public.sign
    assert member.keys.public.decrypt != doubled.public.decrypt
    known = desk.known(member.box_id)
    assert (known.standing, known.keys) == ("active", member.keys.public)
    assert (home / "keys" / "box.crt").read_bytes() != old_certificate
    # The certificate belongs to the new TLS key, or no broker would have it.
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.load_cert_chain(member.tls.certificate, member.tls.key)


def test_an_answer_lost_on_the_way_makes_no_third_keys(
    desk: Desk, home: Path, doubled: BoxKeys
) -> None:
    claim = desk.claim(_box_id(home)).text()
    desk.tamper = lambda _: b""
    with pytest.raises(CommandFailed):
        enrol(home, claim, new_keys=True)
    tried = BoxKeys.load(home / "keys").public
    desk.tamper = lambda data: data
    enrol(home, claim, new_keys=True)
    assert BoxKeys.load(home / "keys").public == tried == desk.known(_box_id(home)).keys
    assert tried != doubled.public


def test_a_second_readmission_makes_new_keys_once_more(
    desk: Desk, home: Path, doubled: BoxKeys
) -> None:
    seen = [doubled.public]
    for _ in range(2):
        enrol(home, desk.claim(_box_id(home)).text(), new_keys=True)
        seen.append(BoxKeys.load(home / "keys").public)
    assert len({keys.sign for keys in seen}) == 3


def test_new_keys_alone_let_nobody_in(desk: Desk, home: Path, doubled: BoxKeys) -> None:
    with pytest.raises(CommandFailed, match="readmits"):
        enrol(home, desk.claim().text(), new_keys=True)
    known = desk.known(_box_id(home))
    assert (known.standing, known.keys) == (QUARANTINED, doubled.public)


def _box_id(home: Path) -> str:
    return Settings.load(home).box_id


def test_the_same_messages_on_a_stick(desk: Desk, home: Path, tmp_path: Path) -> None:
    claim, request = prepare(home, desk.claim().text())
    stick = tmp_path / "request"
    stick.write_bytes(request.encode())
    answer, granted = desk.decide(stick.read_bytes())
    assert granted
    assert accept(home, claim, request, answer).clinic == "Clinic of Hope"
    assert desk.asked == 0
