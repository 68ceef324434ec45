"""The clinic's places: each page that is about no single patient is reached from one list."""

from __future__ import annotations

from kiosk_desk import Desk

from kiosk_ui.pages.places import PLACES


def test_every_place_opens_from_the_list(desk: Desk) -> None:
    page = desk.get("/clinic")
    with desk.client.application.test_request_context():
        from flask import url_for

        paths = [url_for(place.endpoint) for place in PLACES]
    for path in paths:
        assert f'href="{path}"' in page
        assert desk.client.get(path).status_code == 200, path
