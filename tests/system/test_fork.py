"""Cards rolled back and copied, an archive restored: each ends right, or stopped with words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import running
from eventually import eventually
from link_house import House

from edge.model.entry import Lane
from hospital.fleet import boxes
from hospital.receiving import backup, custody

pytestmark = pytest.mark.system


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "broker") as broker:
        house = House(tmp_path, broker)
        house.start()
        yield house
        house.end()


def test_a_card_rolled_back_loses_nothing_and_doubles_nothing(house: House, tmp_path: Path) -> None:
    box = house.enrolled()
    box.record(40)
    box.begin()
    eventually(box.all_confirmed)
    box.store.copy_to(tmp_path / "image.db")
    box.record(40)
    box.record(2, Lane.ALERT)
    eventually(box.all_confirmed)
    lost_at_the_box = box.ids()
    box.roll_back(tmp_path / "image.db")
    box.record(30)
    box.begin()
    eventually(box.all_confirmed)
    assert box.epoch() == 2
    assert house.held(box.box_id) == lost_at_the_box | box.ids()
    assert house.standing(box.box_id) == "active"
    assert box.complaints() == {"records-missing"}  # until a person knows


def test_two_clones_are_both_stopped_and_told_what_to_do(house: House) -> None:
    box = house.enrolled()
    box.record(20)
    box.begin()
    eventually(box.all_confirmed)
    twin = house.clone(box, "twin")
    twin.record(10)
    twin.begin()

    def quarantined() -> bool:
        box.record(1)
        twin.record(1)
        return house.standing(box.box_id) == "quarantined"

    eventually(quarantined, within_s=60)
    before = house.held(box.box_id)
    for one in (box, twin):
        eventually(lambda one=one: "identity-doubled" in one.complaints(), within_s=60)  # type: ignore[misc]
    assert house.held(box.box_id) == before
    told = boxes.get(house.archive, box.box_id)
    assert told is not None
    assert "claim --readmits" in told.why


def test_a_restored_hospital_gets_back_what_it_lost(house: House, tmp_path: Path) -> None:
    box = house.enrolled()
    box.record(60)
    box.begin()
    eventually(box.all_confirmed)
    backup.back_up(house.archive, tmp_path / "copy.db", _now_ms(), trusted=True)
    box.record(60)
    eventually(box.all_confirmed)
    house.restore(tmp_path / "copy.db")
    assert not box.ids() <= house.held(box.box_id)
    custody.new_generation(house.archive)
    house.start()
    box.record(1)
    eventually(lambda: box.ids() == house.held(box.box_id), within_s=90)
    eventually(box.all_confirmed)
    assert box.epoch() == 1
    assert house.standing(box.box_id) == "active"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
