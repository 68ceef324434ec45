"""What tests of several rooms share: a real box file and a clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import the_run
from hypothesis import HealthCheck, settings

from edge.model.clock import Clock
from edge.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# How long an example takes says something about the machine, nothing about the code.
settings.register_profile("healthpost", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("healthpost")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run, where all its workers start from."""
    if not hasattr(config, "workerinput"):
        the_run.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the workers share, when the last has gone."""
    if not hasattr(config, "workerinput"):
        if (the_run.folder() / "postgres").exists():
            import postgres

            postgres.stop_shared()
        the_run.end()


@pytest.fixture(scope="session")
def empty_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a box that has a name and nothing else, to copy."""
    file = tmp_path_factory.mktemp("box") / "box.db"
    opened = Store.open(file)
    opened.name_box("box-test")
    opened.close()
    return file


@pytest.fixture
def box_file(tmp_path: Path, empty_box: Path) -> Path:
    """A box file of its own, on a real disk."""
    return Path(shutil.copy(empty_box, tmp_path / "box.db"))


@pytest.fixture
def store(box_file: Path) -> Iterator[Store]:
    """The open box file."""
    opened = Store.open(box_file)
    yield opened
    opened.close()


@pytest.fixture
def clock(store: Store) -> Clock:
    """The clock of the running boot."""
    return store.clock()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Only tests that ask for it need playwright."""
    from chromium import chromium

    with chromium() as running:
        yield running
