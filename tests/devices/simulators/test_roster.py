"""Who is in a ward: the default devices, those that join, and fleets of many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bleak import BleakScanner

from devices.catalogue import SERIAL_PROTOCOLS, model_named, recognised
from devices.simulators.gatt import uuid_name
from devices.simulators.peripherals import BleModel
from devices.simulators.roster import (
    DEFAULT,
    ROWS,
    WIRED,
    UnknownDeviceError,
    WiredRow,
    crew,
    fleet,
)
from devices.simulators.ward import Ward
from devices.simulators.wired.machine import Machine
from tests.support.eventually import eventually_async


def test_the_ward_is_the_default_one_unless_others_join() -> None:
    assert crew() == DEFAULT
    joined = crew("hbp-9030,tm-2657,hbp-9030")
    assert [post.name for post in joined] == [*(post.name for post in DEFAULT), "hbp-9030"]
    assert [post.row for post in crew("all")] == list(ROWS)
    with pytest.raises(UnknownDeviceError, match="hbp-9030"):
        crew("stethoscope")


def test_every_row_has_its_own_name_and_place() -> None:
    slugs = [row.slug for row in ROWS]
    assert len(set(slugs)) == len(slugs)
    assert len({row.tty for row in WIRED}) == len(WIRED)
    addresses = [row.identity.address for row in ROWS if isinstance(row, BleModel)]
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("row", WIRED, ids=lambda row: row.slug)
def test_a_serial_device_is_set_as_its_protocol_expects(row: WiredRow, tmp_path: Path) -> None:
    device = row.make(tmp_path / "tty", 0, row.slug)
    model = model_named(device.model)
    name = device.protocol if isinstance(device, Machine) else model.protocol if model else ""
    assert model is None or (model.link, model.protocol) == ("serial", name)
    assert device.line.settings in SERIAL_PROTOCOLS[name].lines
    assert device.faults


def test_every_serial_protocol_has_a_virtual_device(tmp_path: Path) -> None:
    models = (model_named(row.make(tmp_path / "tty", 0, row.slug).model) for row in WIRED)
    assert {model.protocol for model in models if model} == SERIAL_PROTOCOLS.keys()


def test_a_fleet_takes_the_rows_in_turn_and_keeps_its_members_apart(tmp_path: Path) -> None:
    posts = fleet(crew(), ble=20, serial=6)
    cards = Ward(tmp_path, posts=posts).cards()
    assert [sum(card.link == link for card in cards) for link in ("ble", "serial")] == [20, 6]
    assert len({card.name for card in cards}) == len({card.address for card in cards}) == 26
    for post in posts:
        if isinstance(post.row, BleModel):
            identity = post.model().identity
            row = recognised(identity.name, [uuid_name(post.row.service)])
            assert row is not None
            assert row.name == identity.model
            assert re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", identity.address)
    with pytest.raises(ValueError, match="made of"):
        fleet([post for post in posts if isinstance(post.row, WiredRow)], ble=1, serial=0)


async def test_a_whole_fleet_is_on_the_air_and_on_its_wires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Ward(tmp_path, posts=fleet(crew(), ble=20, serial=6)) as ward:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", ward.bus_address)
        for name in ward.devices:
            ward.measure(name)
        wanted = {card.address for card in ward.cards() if card.link == "ble"}
        async with BleakScanner() as scanner:
            await eventually_async(
                lambda: scanner.discovered_devices_and_advertisement_data.keys() >= wanted
            )
        assert all(tty.exists() for tty in ward.serial.values())
