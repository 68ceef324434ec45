"""A kiosk on a real box file, with two people who may sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kiosk_desk import PIN, Desk

from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store
from kiosk_ui.app import create_app


@pytest.fixture
def settings(tmp_path: Path, store: Store) -> Settings:
    """The settings of the box whose file `store` has open."""
    return Settings(home=tmp_path, box_id="box-test", clinic="Rural Health Centre Chak 12")


@pytest.fixture
def sana(settings: Settings, store: Store, clock: Clock) -> staff.Staff:
    """A worker who may sign in with `PIN`."""
    pepper = pins.create_pepper(settings.keys)
    return staff.add(store, clock.now(), "Sana Malik", "worker", PIN, pepper)


@pytest.fixture
def app(settings: Settings) -> Flask:
    """The kiosk."""
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser that nobody has signed in at."""
    with app.test_client() as client:
        yield client


@pytest.fixture
def desk(app: Flask, sana: staff.Staff) -> Desk:
    """A browser at which Sana is signed in."""
    desk = Desk(app.test_client())
    desk.sign_in(sana)
    return desk
