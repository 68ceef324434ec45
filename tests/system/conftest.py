"""A region of real processes: PostgreSQL, Mosquitto, a hospital, and boxes to be enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import MOSQUITTO
from postgres import Cluster, cluster
from region import Region


@pytest.fixture
def database() -> Iterator[Cluster]:
    """A PostgreSQL that a test may kill and restore."""
    with cluster() as started:
        yield started


@pytest.fixture
def region(tmp_path: Path, database: Cluster) -> Iterator[Region]:
    """The hospital's side, running; boxes are enrolled by the test."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    region = Region(tmp_path, database)
    try:
        yield region
    finally:
        region.end()
