"""Keys and certificates change over the link; who is shut out changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from box_on_wire import HOSPITAL, KEYS, NOW_MS, Desk, Sender, enrolled
from broker import running
from eventually import eventually
from hand_clock import HandClock
from link_house import House

from edge.command import Command
from edge.entry import Lane
from edge.store import Store
from hospital import boxes, directives, renewals
from hospital.archive_sqlite import SqliteArchive
from hospital.authority import Authority
from hospital.receive import KeyWatch
from hospital.receiver import Receiver
from sync import commands, key_commands, membership
from sync.core.header import hello_header
from sync.envelope import WrongKey, open_down, open_up, peek_up, seal_up
from sync.keys import BoxKeys, HospitalKeys, certificate_request, kid, rotate

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
    membership.replace_file(folder / membership.CERTIFICATE_FILE, old.pem)
    assert not key_commands.is_due(folder, NOW + timedelta(days=200))
    assert key_commands.is_due(folder, NOW + timedelta(days=260))

    desk, box = Desk(enrolled(SqliteArchive.open(tmp_path / "archive.db"))), Sender()
    desk.receiver = Receiver(desk.archive, HOSPITAL, authority)
    desk.admit(box)
    header = hello_header("box-one", box.nonce, 1)
    asked = box.sealed(header, key_commands.encode_renewal(request))
    assert desk.take(asked, "h") == []
    assert desk.take(asked, "h") == []  # one is on its way
    (sent,) = directives.due(desk.archive, HOSPITAL, NOW_MS)
    _, payload = open_down(sent.payload, "box-one", KEYS, HOSPITAL.public)
    orders = key_commands.handlers(folder)
    assert commands.obey(store, HandClock().now(), payload, orders) == "done"
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
