"""A file is replaced whole, closed to others from its first byte, and no draft stays behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from edge.store import durable


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_is_replaced_whole_and_has_the_wanted_mode(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    durable.replace(file, b"old")
    durable.replace(file, b"new")
    assert (file.read_bytes(), mode(file)) == (b"new", 0o600)
    durable.replace(file, b"public", durable.EVERYBODY_READS)
    assert (file.read_bytes(), mode(file)) == (b"public", 0o644)
    assert os.listdir(tmp_path) == ["keys.pem"]


def test_a_new_folder_is_made_with_those_above_it_and_is_closed_to_others(tmp_path: Path) -> None:
    durable.make_folder(tmp_path / "a" / "b")
    durable.make_folder(tmp_path / "a" / "b")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        durable.make_folder(tmp_path / "file")


def test_a_draft_left_by_a_power_cut_is_no_obstacle_and_is_not_followed(tmp_path: Path) -> None:
    file, foreign = tmp_path / "settings", tmp_path / "foreign"
    foreign.write_bytes(b"somebody's")
    (tmp_path / ".settings.new").symlink_to(foreign)
    durable.replace(file, b"ours")
    assert (file.read_bytes(), foreign.read_bytes()) == (b"ours", b"somebody's")
    assert not file.is_symlink()


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    durable.replace(file, b"old")
    (tmp_path / ".settings.new").mkdir()
    with pytest.raises(OSError, match="settings"):
        durable.replace(file, b"new")
    assert file.read_bytes() == b"old"


def test_what_must_be_new_is_never_written_over(tmp_path: Path) -> None:
    durable.create(tmp_path / "pepper", b"first")
    with pytest.raises(FileExistsError):
        durable.create(tmp_path / "pepper", b"second")
    assert (tmp_path / "pepper").read_bytes() == b"first"
