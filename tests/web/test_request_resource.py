"""A request opens its store or archive at most once and always gives it back."""

from __future__ import annotations

import pytest
from flask import Flask

from web.request_resource import RequestResource


class Opened:
    """A resource that counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def all_opened() -> list[Opened]:
    """Everything that the application has opened."""
    return []


@pytest.fixture
def app(all_opened: list[Opened]) -> Flask:
    """An application whose pages use a resource twice, never, or fail after using it."""

    def open_one() -> Opened:
        all_opened.append(Opened())
        return all_opened[-1]

    resource = RequestResource("thing", open_one)
    app = Flask(__name__)
    resource.attach(app)
    app.add_url_rule("/twice", "twice", lambda: str(resource.get() is resource.get()))
    app.add_url_rule("/never", "never", lambda: "")
    app.add_url_rule("/fails", "fails", lambda: str(1 // (resource.get().closed)))
    return app


def test_a_request_opens_one_and_closes_it(app: Flask, all_opened: list[Opened]) -> None:
    client = app.test_client()
    assert client.get("/twice").text == "True"
    assert [one.closed for one in all_opened] == [1]
    client.get("/twice")
    assert [one.closed for one in all_opened] == [1, 1]


def test_a_request_that_needs_none_opens_none(app: Flask, all_opened: list[Opened]) -> None:
    assert app.test_client().get("/never").status_code == 200
    assert all_opened == []


def test_a_request_that_fails_closes_it_too(app: Flask, all_opened: list[Opened]) -> None:
    assert app.test_client().get("/fails").status_code == 500
    assert [one.closed for one in all_opened] == [1]


def test_what_could_not_be_opened_is_not_closed() -> None:
    def open_one() -> Opened:
        raise OSError("the disk is gone")

    resource = RequestResource("thing", open_one)
    app = Flask(__name__)
    resource.attach(app)
    with pytest.raises(OSError, match="gone"), app.app_context():
        resource.get()
