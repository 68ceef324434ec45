"""A kiosk on a real box file, with two people who may sign in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiled import with_kept_templates
from flask import Flask
from flask.testing import FlaskClient
from kiosk_desk import PIN, Desk

from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store
from kiosk_ui.app import create_app


@pytest.fixture(scope="session")
def staffed_box(tmp_path_factory: pytest.TempPathFactory, empty_box: Path) -> Path:
    """The home of a box at which Sana may sign in with `PIN`, to copy."""
    home = tmp_path_factory.mktemp("staffed")
    store = Store.open(Path(shutil.copy(empty_box, home / "box.db")))
    pepper = pins.create_pepper(home / "keys")
    staff.add(store, store.clock().now(), "Sana Malik", "worker", PIN, pepper)
    store.close()
    return home


@pytest.fixture
def box_file(request: pytest.FixtureRequest, tmp_path: Path, empty_box: Path) -> Path:
    """A box file of its own, with Sana in it when the test asks for her."""
    if "sana" not in request.fixturenames:
        return Path(shutil.copy(empty_box, tmp_path / "box.db"))
    shutil.copytree(request.getfixturevalue("staffed_box"), tmp_path, dirs_exist_ok=True)
    return tmp_path / "box.db"


@pytest.fixture
def settings(tmp_path: Path, store: Store) -> Settings:
    """The settings of the box whose file `store` has open."""
    return Settings(home=tmp_path, box_id="box-test", clinic="Rural Health Centre Chak 12")


@pytest.fixture
def sana(store: Store) -> staff.Staff:
    """A worker who may sign in with `PIN`."""
    [person] = staff.members(store)
    return person


@pytest.fixture
def app(settings: Settings) -> Flask:
    """The kiosk."""
    return with_kept_templates(create_app(settings))


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser that nobody has signed in at."""
    with app.test_client() as client:
        yield client


@pytest.fixture
def desk(app: Flask, store: Store, clock: Clock, sana: staff.Staff) -> Desk:
    """A browser at which Sana is signed in."""
    desk = Desk(app.test_client())
    desk.let_in(store, clock, sana)
    return desk
