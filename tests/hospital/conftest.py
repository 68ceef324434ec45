"""Archives on both engines, an authority, and the desk with a doctor signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import desk_scene
import pytest
from archives import open_at
from desk_scene import Doctor
from flask import Flask
from moments import NOW
from postgres import Cluster, cluster, shared
from stick_pair import Pair, make_pair

from hospital.archive import Archive
from hospital.fleet.authority import Authority


def _make_empty(address: str) -> None:
    open_at(address).close()


PREPARED: Mapping[str, Callable[[str], None]] = {"empty": _make_empty, "scene": desk_scene.fill}
"""What tests copy instead of making it anew."""


@pytest.fixture(scope="session")
def postgres() -> Cluster:
    """The real PostgreSQL of the whole run. Whoever stops it takes `own_postgres`."""
    return shared()


@pytest.fixture
def own_postgres() -> Iterator[Cluster]:
    """A PostgreSQL that nobody else uses."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives on SQLite to copy: one that is empty, and the one of the desk's scene."""
    folder = tmp_path_factory.mktemp("archives")
    for name, prepare in PREPARED.items():
        prepare(str(folder / name))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an archive is, once for each engine: empty, or what the desk shows if there is one."""
    name = "scene" if "app" in request.fixturenames else "empty"
    if request.param == "sqlite":
        source: Path = request.getfixturevalue("prepared")
        return str(shutil.copy(source / name, tmp_path / "archive.db"))
    running: Cluster = request.getfixturevalue("postgres")
    return running.copy(name, PREPARED[name])


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
    return desk_scene.over(archive_address, tmp_path)


@pytest.fixture
def doctor(app: Flask, archive_address: str) -> Doctor:
    """A clinician's browser, signed in."""
    visitor = Doctor(app.test_client())
    archive = open_at(archive_address)
    visitor.let_in(archive)
    archive.close()
    return visitor


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """A box and its hospital, with a stick between them."""
    return make_pair(tmp_path, monkeypatch)
