"""`healthpost bundle` and `healthpost hospital bundle`: a stick from end to end, by their verbs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import running
from eventually import eventually
from link_house import House, Machine
from stick_pair import Pair, say

from edge.model.entry import Lane
from hospital.bundles import answer as bundles_answer
from hospital.bundles import read as bundles_read
from hospital.cli.commands import hospital
from provisioning.link_commands import bundles, link
from sync.bundles import bundle_format


def test_a_stick_goes_there_and_comes_back(pair: Pair) -> None:
    assert pair.told_of_stick() is None
    pair.record(40)
    stick, box_id = str(pair.stick), pair.box.box_id
    written = say(bundles, "write", stick)
    assert (written["records"], written["left"]) == (40, 0)
    (one,) = say(bundles, "show", stick)["bundles"]  # type: ignore[misc]
    assert (one["box"], one["way"], one["whole"]) == (box_id, "up", True)  # type: ignore[index]
    assert one["lanes"] == {"c": [1, 40]}  # type: ignore[index]
    assert pair.waiting() == 40
    told = pair.told_of_stick()
    assert told is not None
    assert (told["records"], told["confirmed"], told["last_answer"]) == (40, False, None)
    read = say(hospital, "bundle", "read", stick)
    assert read["refused"] == []
    (taken,) = read["taken"]  # type: ignore[misc]
    assert (taken["records"], taken["whole"]) == (40, True)  # type: ignore[index]
    say(hospital, "bundle", "write", stick)
    came = say(bundles, "read", stick)
    assert (came["confirmed"], came["epoch"], came["whole"]) == (40, None, True)
    assert pair.waiting() == 0
    told = pair.told_of_stick()
    assert told is not None
    assert told["confirmed"] is True
    assert told["last_answer"] is not None
    assert say(bundles, "read", stick)["confirmed"] == 0


def test_a_stranger_on_the_stick_does_not_stop_the_others(pair: Pair) -> None:
    pair.record(2)
    say(bundles, "write", str(pair.stick))
    (mine,) = bundle_format.found(pair.stick, bundle_format.UP)
    opening = bundle_format.outline(mine.file).opening
    strange = bundle_format.Opening("up", "box-else", opening.hospital, b"12345678", 1, 1)
    file = pair.stick / bundle_format.up_name("box-else", b"12345678")
    with bundle_format.writing(file, strange, lambda _body: bytes(64)) as writer:
        writer.close({}, 0)
    read = say(hospital, "bundle", "read", str(pair.stick), expect=1)
    assert len(read["taken"]) == len(read["answers"]) == 1  # type: ignore[arg-type]
    (refused,) = read["refused"]  # type: ignore[misc]
    assert "no box box-else is enrolled here" in str(refused)


def test_what_is_wrong_with_a_stick_is_said_and_is_no_crash(pair: Pair) -> None:
    stick = str(pair.stick)
    assert say(bundles, "read", stick, expect=1)["kind"] == "bundle"
    assert say(bundles, "show", stick)["bundles"] == []
    assert say(hospital, "bundle", "read", stick)["taken"] == []
    assert say(hospital, "bundle", "write", stick)["answers"] == []
    wrong = say(hospital, "bundle", "write", stick, pair.box.box_id, expect=2)
    assert "no bundle of box" in str(wrong["message"])


def test_keys_are_shown_and_renewed(pair: Pair) -> None:
    before = say(link, "keys")
    assert before["next"] is None
    made = say(link, "renew-keys")
    assert say(link, "renew-keys") == made
    assert say(link, "keys") == before | made
    stick = str(pair.stick)
    for _ in range(2):
        say(bundles, "write", stick)
        say(hospital, "bundle", "read", stick)
        say(bundles, "read", stick)
    assert say(link, "keys") == {"keys": made["next"], "next": None}
    ordered = say(hospital, "renew-box-keys", pair.box.box_id)
    assert ordered == {"boxes": [pair.box.box_id]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "broker") as broker:
        house = House(tmp_path, broker)
        house.start()
        yield house
        house.end()


def by_verb(box: Machine, *words: str) -> None:
    """Call a verb as the technician does, in a process of its own beside the courier."""
    environment = {**os.environ, "HEALTHPOST_HOME": str(box.home)}
    command = [sys.executable, "-c", "from provisioning.cli import main; main()"]
    done = subprocess.run(
        [*command, "bundle", *words], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.system
def test_a_stick_is_carried_while_the_line_is_alive(house: House) -> None:
    box = house.enrolled()
    box.record(30)
    box.begin()
    stick = house.folder / "stick"
    stick.mkdir()
    for round_ in range(3):
        box.record(400)
        box.record(1, Lane.ALERT)
        by_verb(box, "write", str(stick))
        for one in bundle_format.found(stick, bundle_format.UP):
            bundles_read.read_bundle(house.archive, house.keys, one.file, round_ + 1)
        bundles_answer.write(house.archive, house.keys, box.box_id, stick, round_ + 1)
        box.record(20)
        by_verb(box, "read", str(stick))
    eventually(box.all_confirmed, within_s=120)
    assert house.held(box.box_id) == box.ids()
    assert box.epoch() == 1
    assert house.standing(box.box_id) == "active"
