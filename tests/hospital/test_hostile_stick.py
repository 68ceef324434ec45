"""A stick whose owner wants to harm: nothing behind its names is read, written or waited for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from stick_pair import Pair, say

from edge.store import foreign_files
from hospital.cli.commands import hospital
from provisioning.link_commands import bundles
from sync.bundles import bundle_format
from sync.keys import enrolment


def link(at: Path, prey: Path) -> None:
    at.symlink_to(prey)


def dangling_link(at: Path, prey: Path) -> None:
    at.symlink_to(prey.with_name("born-elsewhere"))


def hard_link(at: Path, prey: Path) -> None:
    at.hardlink_to(prey)


def pipe(at: Path, _prey: Path) -> None:
    os.mkfifo(at)


def device(at: Path, _prey: Path) -> None:
    at.symlink_to("/dev/zero")


def listening_socket(at: Path, _prey: Path) -> None:
    here = Path.cwd()
    os.chdir(at.parent)  # a socket's path may have 107 bytes only
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(at.name)
    os.chdir(here)


def folder(at: Path, _prey: Path) -> None:
    at.mkdir()


Trap = Callable[[Path, Path], None]
TRAPS = (link, dangling_link, pipe, device, listening_socket, folder)

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def prey(tmp_path: Path) -> Path:
    file = tmp_path / "prey"
    file.write_bytes(b"precious")
    return file


def is_untouched(prey: Path) -> bool:
    return prey.read_bytes() == b"precious" and not prey.with_name("born-elsewhere").exists()


@pytest.mark.parametrize("trap", TRAPS)
def test_only_a_regular_file_is_opened_to_read(tmp_path: Path, prey: Path, trap: Trap) -> None:
    trap(tmp_path / "name", prey)
    with pytest.raises(OSError, match="not a file"):
        foreign_files.open_to_read(tmp_path / "name")


@pytest.mark.parametrize("trap", [*TRAPS[:-1], hard_link])
def test_what_has_the_name_of_a_new_file_is_replaced_and_not_followed(
    tmp_path: Path, prey: Path, trap: Trap
) -> None:
    trap(tmp_path / "name", prey)
    with foreign_files.create(tmp_path / "name") as file:
        file.write(b"mine")
    assert is_untouched(prey)
    assert not (tmp_path / "name").is_symlink()
    assert (tmp_path / "name").read_bytes() == b"mine"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_written_on_a_stick_can_be_read_elsewhere(tmp_path: Path, umask: int) -> None:
    os.umask(umask)
    foreign_files.replace(tmp_path / "name", b"old")
    foreign_files.replace(tmp_path / "name", b"sealed")
    assert (tmp_path / "name").read_bytes() == b"sealed"
    assert (tmp_path / "name").stat().st_mode & 0o777 == 0o644
    assert [f.name for f in tmp_path.iterdir()] == ["name"]


@pytest.mark.parametrize("place", ["part", "name"])
@pytest.mark.parametrize("trap", [link, dangling_link, hard_link, pipe, device])
def test_neither_end_writes_through_a_name_on_a_stick(
    pair: Pair, prey: Path, trap: Trap, place: str
) -> None:
    pair.record(1)
    say(bundles, "write", str(pair.stick))
    down = bundle_format.down_name(pair.box.box_id)
    trap(pair.stick / (down if place == "name" else f"{down}.part"), prey)
    say(hospital, "bundle", "read", str(pair.stick))
    assert is_untouched(prey)
    assert not (pair.stick / down).is_symlink()
    assert say(bundles, "read", str(pair.stick))["confirmed"] == 1


@pytest.mark.parametrize("trap", TRAPS)
def test_the_hospital_names_what_is_no_bundle_and_reads_the_others(
    pair: Pair, prey: Path, trap: Trap
) -> None:
    pair.record(1)
    say(bundles, "write", str(pair.stick))
    name = bundle_format.up_name("aaa", b"12345678")
    trap(pair.stick / name, prey)
    read = say(hospital, "bundle", "read", str(pair.stick), expect=1)
    (taken,) = read["taken"]  # type: ignore[misc]
    assert taken["records"] == 1  # type: ignore[index]
    (refused,) = read["refused"]  # type: ignore[misc]
    assert name in str(refused)
    assert "not a file" in str(refused)


@pytest.mark.parametrize("trap", TRAPS)
def test_a_box_refuses_an_answer_that_is_no_file(pair: Pair, prey: Path, trap: Trap) -> None:
    trap(pair.stick / bundle_format.down_name(pair.box.box_id), prey)
    said = say(bundles, "read", str(pair.stick), expect=1)
    assert "not a file" in str(said["message"])
    shown = say(bundles, "show", str(pair.stick))
    assert len(shown["refused"]) == 1  # type: ignore[arg-type]
    pair.record(1)
    say(bundles, "write", str(pair.stick))
    assert is_untouched(prey)


@pytest.mark.parametrize("trap", TRAPS)
def test_a_request_to_enrol_is_read_from_a_file_alone(pair: Pair, prey: Path, trap: Trap) -> None:
    trap(pair.stick / enrolment.request_file("box-else"), prey)
    said = say(hospital, "enrol", str(pair.stick), expect=1)
    (refused,) = said["requests"]  # type: ignore[misc]
    assert "not a file" in str(refused["words"])  # type: ignore[index]
    assert is_untouched(prey)
