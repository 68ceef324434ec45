"""A worker's browser without a screen: it carries the CSRF word as our pages do."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.readings import intake
from edge.staff.staff import Staff, start_session
from edge.store.store import Store
from kiosk_ui.context import COOKIE

PIN = "271845"
ORIGIN = {"Origin": "http://localhost"}


class Desk:
    """Gets and posts as a signed-in worker."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.csrf = ""

    def sign_in(self, person: Staff, pin: str = PIN) -> TestResponse:
        answer = self.client.post(f"/sign-in/{person.id}", data={"pin": pin}, headers=ORIGIN)
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/patients"))
        self.csrf = found[1] if found else ""
        return answer

    def let_in(self, store: Store, clock: Clock, person: Staff) -> None:
        """Begin a session as the right PIN does, without the price of its hash."""
        begun = start_session(store, clock.now(), person.id)
        self.client.set_cookie(COOKIE, begun.token)
        self.csrf = begun.csrf

    def get(self, path: str, **query: str) -> str:
        return self.client.get(path, query_string=query, follow_redirects=True).text

    def post(self, path: str, **form: str) -> TestResponse:
        return self.client.post(path, data={"csrf": self.csrf, **form}, headers=ORIGIN)


def cuff(store: Store, clock: Clock, systolic: str, diastolic: str) -> intake.Outcome:
    """Let a cuff at the station measure now."""
    return measured(
        store,
        clock,
        Kind.BLOOD_PRESSURE,
        Value(Code.SYSTOLIC, Decimal(systolic), "mm[Hg]"),
        Value(Code.DIASTOLIC, Decimal(diastolic), "mm[Hg]"),
    )


def measured(store: Store, clock: Clock, kind: Kind, *values: Value) -> intake.Outcome:
    """Let a device at the station give these values now."""
    reading = Reading(
        Measurement(kind, values), clock.now(), "device", device_id="ble-TEST", raw=b"\x01"
    )
    return intake.accept(store, reading)


@contextmanager
def failing_disk() -> Iterator[None]:
    """Let no file of this process grow beyond its first page, though the disk has room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
