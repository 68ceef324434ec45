"""What tests of several rooms share: a real box file and a clock."""

from __future__ import annotations

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open box file of its own, on a real disk."""
    opened = Store.open(tmp_path / "box.db")
    opened.name_box("box-test")
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
