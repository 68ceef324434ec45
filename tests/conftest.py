"""What tests of several rooms share: a real box file and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect

from edge.model.clock import Clock
from edge.store.store import Store

# How long an example takes says something about the machine, nothing about the code.
settings.register_profile("healthpost", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("healthpost")
expect.set_options(timeout=40_000)  # likewise for what a page shows, polls of five seconds included


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
