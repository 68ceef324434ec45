"""The quick gates, and the hooks that git calls before a commit."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "scripts" / "check"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with nothing but the script in it."""
    (tmp_path / "scripts").mkdir()
    for name in ("check", "lib.sh"):
        shutil.copy(CHECK.with_name(name), tmp_path / "scripts")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def check(repository: Path, *steps: str) -> subprocess.CompletedProcess[str]:
    command = [repository / "scripts" / "check", *steps]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def stage(repository: Path, name: str, text: str) -> None:
    (repository / name).write_text(text)
    subprocess.run(["git", "add", name], cwd=repository, check=True)


def test_every_step_of_the_check_is_a_hook() -> None:
    steps = re.findall(r"^check_(\w+)\(\)", CHECK.read_text(), re.MULTILINE)
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert sorted(re.findall(r"entry: scripts/check (\w+),", hooks)) == sorted(steps)
    assert sorted(re.findall(r"\{id: (\w+),", hooks)) == sorted(steps)


def test_without_arguments_every_step_is_taken() -> None:
    text = CHECK.read_text()
    taken = re.search(r"steps=\(([a-z ]+)\)", text)
    assert taken is not None
    assert sorted(taken[1].split()) == sorted(re.findall(r"^check_(\w+)\(\)", text, re.MULTILINE))


@pytest.mark.parametrize("kind", ["", "EC ", "RSA ", "ENCRYPTED ", "OPENSSH "])
def test_a_private_key_is_not_committed(repository: Path, kind: str) -> None:
    stage(repository, "box.pem", f"-----BEGIN {kind}PRIVATE KEY-----\nMC4CAQ==\n")
    done = check(repository, "keys")
    assert done.returncode == 1
    assert "box.pem:1" in done.stdout


def test_a_public_key_and_a_certificate_may_be_committed(repository: Path) -> None:
    stage(repository, "box.pem", "-----BEGIN PUBLIC KEY-----\n-----BEGIN CERTIFICATE-----\n")
    assert check(repository, "keys").returncode == 0


def test_a_step_that_does_not_exist_is_wrong_input(repository: Path) -> None:
    assert check(repository, "lnit").returncode == 2
