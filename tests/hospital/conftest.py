"""Archives on both engines, an authority, and the desk with a doctor signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import desk_scene
import pytest
from archives import open_at
from desk_scene import Doctor
from flask import Flask
from moments import NOW
from postgres import Cluster, cluster

from hospital.archive import Archive
from hospital.fleet.authority import Authority


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One real PostgreSQL for the whole run."""
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty archive is, once for each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "archive.db")
    running: Cluster = request.getfixturevalue("postgres")
    return running.fresh()


@pytest.fixture
def archive(archive_address: str) -> Iterator[Archive]:
    """An open archive on each engine."""
    opened = open_at(archive_address)
    yield opened
    opened.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A new certificate authority."""
    return Authority.create(tmp_path / "authority", "Test hospital", NOW)


@pytest.fixture
def app(archive_address: str, tmp_path: Path) -> Flask:
    """The desk over an archive of each engine, with two invented clinics in it."""
    return desk_scene.found(archive_address, tmp_path)


@pytest.fixture
def doctor(app: Flask) -> Doctor:
    """A clinician's browser, signed in."""
    visitor = Doctor(app.test_client())
    assert visitor.sign_in().status_code == 303
    return visitor
