"""A live part answers 304 without a body as long as it shows what the asker shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response
from web_sites import Site
from werkzeug.test import TestResponse

from web.polling import polled, polled_at


def test_an_unchanged_part_costs_nothing(site: Site) -> None:
    first = site.client.get(site.live)
    assert (first.status_code, first.content_type) == (200, "text/html; charset=utf-8")
    assert first.data
    again = site.client.get(site.live, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = site.client.get(site.live, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_a_page_asks_with_the_tag_that_it_shows(site: Site) -> None:
    """The script that does so listens to the events of htmx, which is loaded before it."""
    page = site.client.get(site.staff_page).text
    assert page.index("/web/htmx.min.js") < page.index("/web/polling.js")
    assert "data-etag" in page
    assert "etagShown" in site.get("/web/polling.js").text


@pytest.mark.parametrize("fragment", ["", "<p>120/80</p>", "زہرا"])
def test_a_fragment_is_told_once(fragment: str) -> None:
    ask = asking(lambda: polled(fragment))
    first = ask(None)
    assert ask(first.headers["ETag"]).status_code == 304


def test_another_fragment_is_told() -> None:
    shown = ["before"]
    ask = asking(lambda: polled(shown[0]))
    tag = ask(None).headers["ETag"]
    shown[0] = "after"
    assert ask(tag).data == b"after"


def test_nothing_is_rendered_while_the_position_stands() -> None:
    rendered: list[str] = []
    position = ["1"]

    def render() -> str:
        rendered.append(position[0])
        return position[0]

    ask = asking(lambda: polled_at(position[0], render))
    tag = ask(None).headers["ETag"]
    assert (ask(tag).status_code, rendered) == (304, ["1"])
    position[0] = "2"
    assert (ask(tag).data, rendered) == (b"2", ["1", "2"])


def test_another_question_at_the_same_position_is_answered_anew() -> None:
    ask = asking(lambda: polled_at("1", lambda: "found"))
    tag = ask(None, "?q=a").headers["ETag"]
    assert ask(tag, "?q=a").status_code == 304
    assert ask(tag, "?q=b").status_code == 200


def asking(view: Callable[[], Response]) -> Callable[..., TestResponse]:
    """Return a browser that polls a view, with the tag that it shows."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=view, endpoint="part")
    client = app.test_client()

    def ask(tag: str | None, query: str = "") -> TestResponse:
        return client.get(f"/{query}", headers={"If-None-Match": tag} if tag else {})

    return ask
