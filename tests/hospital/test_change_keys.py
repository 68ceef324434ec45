"""Keys and certificates change over the link; who is shut out changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from box_on_wire import HOSPITAL, KEYS, NOW_MS, Desk, Sender, enrolled
from broker import running
from eventually import eventually
from hand_clock import HandClock
from hand_house import KEYS as KEYS_BY_HAND
from hand_house import Post
from link_house import House

from edge.model.command import Command
from edge.model.entry import Lane
from edge.store import durable
from edge.store.store import Store
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.archive.settings import HospitalSettings
from hospital.archive.sqlite import SqliteArchive
from hospital.desk.server import parts_of
from hospital.fleet import boxes, claims, renewals, rotation
from hospital.fleet import commands as fleet_commands
from hospital.fleet.authority import Authority
from hospital.receiving.receiver import Receiver
from hospital.receiving.worker import KeyWatch
from sync.box import commands, key_commands
from sync.core import wire
from sync.core.command import decode_command
from sync.core.feed_messages import Ask, encode_ask
from sync.core.header import DownHeader, hello_header
from sync.courier import telemetry
from sync.courier.telemetry import Status
from sync.files import chunks
from sync.files.chunks import Chunk
from sync.frames.envelope import (
    WrongKey,
    open_down,
    open_up,
    peek_up,
    prove_keys,
    seal_down,
    seal_up,
)
from sync.keys import enrolment, membership
from sync.keys.enrolment import Request
from sync.keys.keys import (
    NEXT_SIGN_FILE,
    BoxKeys,
    HospitalKeys,
    certificate_request,
    kid,
    prepare,
    promote,
    rotate,
)

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
DAY_S = 86_400


def sealed(keys: HospitalKeys) -> bytes:
    return seal_up(hello_header("box-one", b"session1", 1), b"payload", KEYS, keys.public)


def test_a_retired_key_opens_for_a_season_and_is_then_destroyed(tmp_path: Path) -> None:
    first = HospitalKeys.generate()
    first.save(tmp_path)
    second = rotate(tmp_path, 1_000 * DAY_S)
    assert second.public.sign == first.public.sign
    assert second.public.decrypt != first.public.decrypt
    for frame in (sealed(first), sealed(second)):
        assert open_up(frame, second, KEYS.public)[1] == b"payload"
    third = rotate(tmp_path, 1_089 * DAY_S)
    assert open_up(sealed(first), third, KEYS.public)[1] == b"payload"
    fourth = rotate(tmp_path, 1_091 * DAY_S)
    assert open_up(sealed(second), fourth, KEYS.public)[1] == b"payload"
    with pytest.raises(WrongKey):
        open_up(sealed(first), fourth, KEYS.public)


def test_changed_keys_are_noticed_once(tmp_path: Path) -> None:
    HospitalKeys.generate().save(tmp_path)
    watch = KeyWatch(tmp_path)
    assert watch() is None
    rotate(tmp_path, 1)
    assert watch() is not None
    assert watch() is None


def test_a_certificate_is_renewed_with_the_old_key(
    tmp_path: Path, authority: Authority, store: Store
) -> None:
    folder = tmp_path / "keys"
    KEYS.save(folder)
    request = certificate_request(KEYS, "box-one")
    old = authority.sign_box(request, "box-one", NOW)
    durable.replace(folder / membership.CERTIFICATE_FILE, old.pem)
    assert not key_commands.is_due(folder, NOW + timedelta(days=200))
    assert key_commands.is_due(folder, NOW + timedelta(days=260))

    desk, box = Desk(enrolled(SqliteArchive.open(tmp_path / "archive.db"))), Sender()
    desk.receiver = Receiver(desk.archive, HOSPITAL, authority)
    desk.admit(box)
    header = hello_header("box-one", box.nonce, 1)
    asked = box.sealed(header, key_commands.encode_renewal(request))
    assert desk.take(asked, "h") == []
    assert desk.take(asked, "h") == []  # one is on its way
    (sent,) = fleet_commands.due(desk.archive, HOSPITAL, NOW_MS)
    _, payload = open_down(sent.payload, "box-one", KEYS, HOSPITAL.public)
    orders = key_commands.handlers(folder)
    assert commands.apply_command(store, HandClock().now(), payload, orders) == "done"
    fresh = (folder / membership.CERTIFICATE_FILE).read_bytes()
    assert fresh != old.pem
    assert not key_commands.is_due(folder, NOW + timedelta(days=200))
    held = boxes.get(desk.archive, "box-one")
    assert held is not None
    assert len(held.serial.split(",")) == 2
    desk.archive.close()


def test_a_certificate_for_another_key_is_refused(tmp_path: Path, authority: Authority) -> None:
    KEYS.save(tmp_path)
    other = authority.sign_box(certificate_request(BoxKeys.generate(), "box-one"), "box-one", NOW)
    command = Command("1", 1, key_commands.CERTIFICATE, {"pem": other.pem.decode("ascii")})
    orders = key_commands.handlers(tmp_path)
    assert orders[key_commands.CERTIFICATE](command) == "refused"
    for nonsense in ("", "00", None):
        command = Command("1", 1, key_commands.NEW_KEY, {"decrypt": nonsense})
        assert orders[key_commands.NEW_KEY](command) == "refused"
    assert not (tmp_path / membership.CERTIFICATE_FILE).exists()


# --- a box's own keys -------------------------------------------------------------------------


class Rotating:
    """A box whose keys lie in files, and a hospital's receiver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keys"
        KEYS.save(self.folder)
        self.desk, self.now_ms = Desk(enrolled(SqliteArchive.open(folder / "archive.db"))), NOW_MS
        self.store = Store.create(folder / "box.db", "box-one")
        self.greet(b"session1")

    def keys(self) -> BoxKeys:
        return BoxKeys.load(self.folder)

    def greet(self, nonce: bytes, keys: BoxKeys | None = None) -> Sender:
        """Open a session, under the keys in use or others."""
        self.box = Sender(keys=keys or self.keys(), nonce=nonce)
        self.hear(self.box.hello(), "h")
        return self.box

    def hear(self, frame: bytes, lane: str) -> int:
        return len(self.desk.receiver.receive(f"cs/1/u/box-one/{lane}", frame, self.now_ms))

    def announce(self) -> None:
        told = key_commands.announcement("box-one", self.folder, self.keys())
        assert told is not None
        self.hear(self.box.sealed(hello_header("box-one", self.box.nonce, 1), told), "h")

    def obey(self) -> list[str | None]:
        """Carry out what the hospital orders, and answer."""
        outcomes = []
        for sealed in fleet_commands.unanswered(self.desk.archive, HOSPITAL, "box-one"):
            keys = self.keys()
            header, payload = open_down(sealed.payload, "box-one", keys, HOSPITAL.public)
            orders = key_commands.handlers(self.folder)
            outcomes.append(commands.apply_command(self.store, HandClock().now(), payload, orders))
            one = decode_command(payload)
            with self.desk.archive.transaction():
                archive = self.desk.archive
                fleet_commands.acknowledge(archive, "box-one", one.id, "done", NOW_MS)
        return outcomes

    def sealed_to(self) -> bytes:
        """Return the name of the key that the hospital seals to."""
        held = boxes.get(self.desk.archive, "box-one")
        assert held is not None
        return kid(held.keys.decrypt)

    def close(self) -> None:
        self.store.close()
        self.desk.archive.close()


@pytest.fixture
def rotating(tmp_path: Path) -> Iterator[Rotating]:
    made = Rotating(tmp_path)
    yield made
    made.close()


def test_a_box_changes_its_keys_and_what_is_under_way_still_counts(rotating: Rotating) -> None:
    desk, old = rotating.desk, rotating.keys()
    first, late = rotating.box.frame(1, 5), rotating.box.frame(6, 5)
    rotation.request_new_keys(desk.archive, "box-one", "desk", NOW_MS)
    assert rotating.obey() == ["done"]
    assert rotating.keys().public == old.public  # nobody uses them yet
    rotating.announce()
    rotating.announce()
    assert desk.receipt(first).at.cum == 5
    assert rotating.obey() == ["done"]
    new = rotating.keys()
    assert new.public.sign != old.public.sign
    assert new.public.decrypt != old.public.decrypt
    assert desk.receipt(late).at.cum == 10  # sealed before, come after
    assert rotating.sealed_to() == kid(old.public.decrypt)
    box = rotating.greet(b"session2")
    assert rotating.sealed_to() == kid(new.public.decrypt)
    assert desk.take(box.frame(11, 5))
    assert desk.readings() == 15
    sealed = seal_down(DownHeader("box-one", "f"), b"news", HOSPITAL, old.public)
    assert open_down(sealed, "box-one", new, HOSPITAL.public)[1] == b"news"


def test_a_box_between_two_pairs_may_enrol_again_under_either(
    rotating: Rotating, authority: Authority
) -> None:
    old = rotating.keys()
    new = prepare(rotating.folder)
    rotating.announce()
    for keys in (old, new):
        answer, granted = enrol_again(rotating.desk.archive, authority, keys)
        assert granted, answer
    answer, granted = enrol_again(rotating.desk.archive, authority, BoxKeys.generate())
    assert not granted
    assert b"--readmits box-one" in answer


def enrol_again(archive: Archive, authority: Authority, keys: BoxKeys) -> tuple[bytes, bool]:
    """Ask to join once more under some keys, with a new claim."""
    now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    claim = claims.create(archive, "Thar", "http://hospital", now)
    csr = certificate_request(keys, "box-one").decode("ascii")
    bare = Request(claim.claim_id, "box-one", csr, keys.public.sign, keys.public.decrypt)
    asked = enrolment.ask(claim, bare, keys.sign.sign).encode()
    return claims.enrol(archive, authority, claims.Offer(HOSPITAL.public, "h", 1), asked, now)


def test_an_old_key_ends_after_its_season(rotating: Rotating) -> None:
    old = rotating.keys()
    prepare(rotating.folder)
    rotating.announce()
    rotating.obey()
    rotating.greet(b"session2")
    rotating.now_ms += 89 * DAY_S * 1000
    rotating.greet(b"session3", old)  # a card that fell back: it goes on, under its old keys
    assert rotating.sealed_to() == kid(old.public.decrypt)
    rotating.greet(b"session4")
    rotating.now_ms += 91 * DAY_S * 1000
    rotating.greet(b"session5", old)
    assert rotating.sealed_to() == kid(rotating.keys().public.decrypt)
    assert rotating.desk.refused()["BadSignature"] == 1


def test_keys_without_a_proof_or_of_another_session_are_not_taken(rotating: Rotating) -> None:
    stranger, archive = BoxKeys.generate(), rotating.desk.archive
    proof = prove_keys("box-two", stranger, rotating.keys().public)
    public = stranger.public
    forged = wire.dump([key_commands.NEW_KEYS, public.sign, public.decrypt, proof])
    rotating.hear(rotating.box.sealed(hello_header("box-one", rotating.box.nonce, 1), forged), "h")
    prepare(rotating.folder)
    told = key_commands.announcement("box-one", rotating.folder, rotating.keys())
    assert told is not None
    rotating.hear(rotating.box.sealed(hello_header("box-one", b"another!", 1), told), "h")
    assert archive.rows("SELECT * FROM box_key") == []
    assert fleet_commands.of_box(archive, "box-one") == []


@pytest.mark.parametrize("step", range(6))
def test_a_power_cut_while_keys_change_leaves_a_working_box(
    rotating: Rotating, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = rotating.keys()
    new = prepare(rotating.folder)
    rotating.announce()
    real, done = Path.replace, iter(range(99))

    def power(self: Path, target: Path) -> Path:
        if next(done) == step:
            raise OSError("the power is cut")
        return real(self, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", power)
        with suppress(OSError):
            promote(rotating.folder, new.public.sign, 1_000)
    after = rotating.keys()
    assert after.sign.public_key() in (old.sign.public_key(), new.sign.public_key())
    for to in (old.public, new.public) if step > 1 else (old.public,):
        sealed = seal_down(DownHeader("box-one", "f"), b"news", HOSPITAL, to)
        assert open_down(sealed, "box-one", after, HOSPITAL.public)[1] == b"news"
    assert rotating.greet(b"session2")
    assert rotating.desk.take(rotating.box.frame(1, 3), keys=old)
    assert promote(rotating.folder, new.public.sign, 1_000)  # the same order once more
    assert promote(rotating.folder, new.public.sign, 1_002)
    assert rotating.keys().public == new.public
    sealed = seal_down(DownHeader("box-one", "f"), b"news", HOSPITAL, old.public)
    assert open_down(sealed, "box-one", rotating.keys(), HOSPITAL.public)[1] == b"news"


def test_keys_change_by_stick_alone(tmp_path: Path) -> None:
    post = Post(tmp_path / "post")
    KEYS_BY_HAND.save(post.settings.keys)
    post.record(5)
    before = post.write()
    prepare(post.settings.keys)
    post.write()
    post.take()
    assert post.read().commands == 1
    post.member = replace(post.member, keys=BoxKeys.load(post.settings.keys))
    post.record(5)
    late = post.write()
    assert post.take(late) == 6
    post.tell(1)
    post.answer()
    assert post.read().told  # sealed to the new key
    held = boxes.get(post.archive, post.member.box_id)
    assert held is not None
    assert held.keys == post.member.keys.public != KEYS_BY_HAND.public
    assert not before.exists()
    post.close()


# --- the hospital's key, and who missed it ----------------------------------------------------


def test_a_box_that_seals_to_a_past_key_is_told_once_more(tmp_path: Path) -> None:
    desk = Desk(enrolled(SqliteArchive.open(tmp_path / "archive.db")))
    HOSPITAL.save(tmp_path / "keys")
    keys = rotate(tmp_path / "keys", NOW_MS // 1000)  # and the machine fell over before it told
    desk.receiver = Receiver(desk.archive, keys)
    for nonce in (b"session1", b"session2"):
        box = Sender(nonce=nonce)
        desk.receiver.receive("cs/1/u/box-one/h", box.hello(), NOW_MS)
    (told,) = fleet_commands.of_box(desk.archive, "box-one")
    assert told.command.kind == key_commands.NEW_KEY
    assert told.command.body == {"decrypt": keys.public.decrypt.hex()}
    desk.archive.close()


@pytest.mark.usefixtures("authority")
def test_the_desk_hands_out_the_present_key(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    HospitalKeys.generate().save(folder)
    settings = HospitalSettings(home=tmp_path)
    parts = parts_of(settings)
    assert parts.offer_now().keys == HospitalKeys.load(folder).public
    fresh = rotate(folder, 1_000)
    assert parts.offer_now().keys == fresh.public
    assert parts.offer_now().broker_port == parts.offer.broker_port


# --- who is shut out --------------------------------------------------------------------------


def everything(archive: SqliteArchive) -> dict[str, list[dict[str, object]]]:
    """Return every table but the books of what was refused."""
    names = archive.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    kept = [r["name"] for r in names if r["name"] not in ("refusal", "quarantine")]
    return {name: [dict(r) for r in archive.rows(f"SELECT * FROM {name}")] for name in kept}


@pytest.mark.parametrize("standing", ["revoked", "quarantined"])
def test_nothing_that_a_shut_out_box_says_changes_anything(
    rotating: Rotating, authority: Authority, standing: str
) -> None:
    desk, box = rotating.desk, rotating.box
    desk.receiver = Receiver(desk.archive, HOSPITAL, authority)
    rotation.request_new_keys(desk.archive, "box-one", "desk", NOW_MS)
    prepare(rotating.folder)
    told = key_commands.announcement("box-one", rotating.folder, rotating.keys())
    here = hello_header("box-one", box.nonce, 1)
    request = key_commands.encode_renewal(certificate_request(KEYS, "box-one"))
    chunk = chunks.encode_chunk(Chunk(bytes(16), 0, bytes(40)))
    status = Status({"c": (9, 1)}, 0, (), "1", "ntp", 1, 5)
    assert told is not None
    said = {
        "again": (box.hello(), "h"),
        "new session": (box.hello(nonce=b"session9"), "h"),
        "fork": (box.hello(fork=True, nonce=b"session8"), "h"),
        "records": (box.frame(1, 9), "c"),
        "alert": (box.frame(1, 1, lane="a"), "a"),
        "ask": (box.sealed(here, encode_ask(Ask(0, 0))), "h"),
        "certificate": (box.sealed(here, request), "h"),
        "keys": (box.sealed(here, told), "h"),
        "chunk": (box.sealed(chunks.header("box-one", 1, box.nonce), chunk), "f"),
        "status": (
            box.sealed(telemetry.header("box-one", 1, box.nonce, 1), telemetry.encode(status)),
            "t",
        ),
    }
    boxes.set_standing(desk.archive, "box-one", standing)
    before = everything(desk.archive)
    for what, (frame, lane) in said.items():
        rotating.hear(frame, lane)
        assert everything(desk.archive) == before, what
    assert fleet_commands.due(desk.archive, HOSPITAL, NOW_MS) == []
    assert desk.receiver.news(NOW_MS) == []
    assert everything(desk.archive) == before


def test_a_shut_out_box_brings_nothing_by_stick_or_claim(
    tmp_path: Path, authority: Authority
) -> None:
    post = Post(tmp_path / "post")
    post.record(9)
    post.photo(5_000)
    post.write()
    post.take()
    post.record(1)
    file = post.write()
    boxes.set_standing(post.archive, post.member.box_id, boxes.REVOKED)
    now = datetime.now(UTC)
    claim = claims.create(post.archive, "Thar", "http://hospital", now)
    before = everything(post.archive)
    with pytest.raises(HospitalError, match="revoked"):
        post.take(file)
    keys, box_id = post.member.keys, post.member.box_id
    csr = certificate_request(keys, box_id).decode("ascii")
    bare = Request(claim.claim_id, box_id, csr, keys.public.sign, keys.public.decrypt)
    asked = enrolment.ask(claim, bare, keys.sign.sign)
    offer = claims.Offer(HOSPITAL.public, "127.0.0.1", 1)
    answer, granted = claims.enrol(post.archive, authority, offer, asked.encode(), now)
    assert not granted
    assert b"--readmits" in answer
    after = everything(post.archive)
    after["claim"], before["claim"] = [], []  # where the attempt is counted as an alarm
    assert after == before
    post.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "broker") as broker:
        house = House(tmp_path, broker)
        house.start()
        yield house
        house.end()


@pytest.mark.system
def test_a_new_key_reaches_a_living_box_which_then_seals_to_it(house: House) -> None:
    box = house.enrolled()
    box.record(5)
    box.begin()
    eventually(box.all_confirmed)
    folder = house.folder / "hospital-keys"
    assert renewals.change_key(house.archive, folder, 1_000_000) == 1
    fresh = kid(HospitalKeys.load(folder).public.decrypt)

    def sealed_to_it() -> bool:
        box.record(1)
        rows = house.archive.rows("SELECT frame FROM raw_frame ORDER BY number DESC LIMIT 1")
        return peek_up(bytes(rows[0]["frame"])).kid_enc == fresh

    eventually(sealed_to_it, within_s=60, every_s=0.5)
    eventually(box.all_confirmed)
    assert house.held(box.box_id) == box.ids()


@pytest.mark.system
def test_a_revoked_box_changes_nothing_from_that_moment(house: House) -> None:
    box = house.enrolled()
    box.record(5)
    box.begin()
    eventually(box.all_confirmed)
    boxes.set_standing(house.archive, box.box_id, boxes.REVOKED)
    before = house.held(box.box_id), house.archive.rows("SELECT * FROM stream")
    box.record(5)
    box.record(1, Lane.ALERT)
    eventually(
        lambda: house.archive.rows("SELECT * FROM refusal WHERE reason = 'revoked'"), within_s=60
    )
    assert (house.held(box.box_id), house.archive.rows("SELECT * FROM stream")) == before
    box.kill()
    box.begin()
    eventually(lambda: "shut-out" in box.complaints(), within_s=60)
    assert (house.held(box.box_id), house.archive.rows("SELECT * FROM stream")) == before


@pytest.mark.system
@pytest.mark.timeout(600)  # an order that was lost with the power is sent again after a minute
def test_a_living_box_changes_its_keys_though_it_is_killed_meanwhile(house: House) -> None:
    box = house.enrolled()
    box.record(5)
    box.begin()
    eventually(box.all_confirmed)
    before = boxes.get(house.archive, box.box_id)
    rotation.request_new_keys(house.archive, box.box_id, "desk", NOW_MS)
    eventually(lambda: (box.home / "keys" / NEXT_SIGN_FILE).exists(), within_s=60)
    box.kill()
    box.record(3)
    box.begin()

    def greets_with_new_keys() -> bool:
        held = boxes.get(house.archive, box.box_id)
        return held is not None and before is not None and held.keys != before.keys

    eventually(greets_with_new_keys, within_s=400, every_s=0.5)
    box.record(3, Lane.ALERT)
    eventually(box.all_confirmed, within_s=60)
    assert house.held(box.box_id) == box.ids()
    assert box.complaints() <= {"broker-unreachable"}
