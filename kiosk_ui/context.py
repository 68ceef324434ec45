"""The context of a request: the settings, a store of its own, the clock, who is signed in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from edge.model.clock import Clock, Stamp
from edge.model.errors import DiskError, StoreError
from edge.settings import remote_settings
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.store.losses import open_store
from edge.store.store import LITTLE_CACHE_KB, Store
from web.request_resource import RequestResource

COOKIE = "healthpost"
_KEY = "healthpost"
POLLS = frozenset({"live", "strip"})
"""Views that a page asks for by itself: they must not keep a session awake."""

CLOCK_FOR_S = 60
"""An anchor that arrives while the kiosk runs is noticed within this time."""


@dataclass(slots=True)
class Box:
    """What the requests of one kiosk process share."""

    settings: Settings
    _lock: Lock = field(default_factory=Lock)
    _clock: Clock | None = None
    _clock_read: float = 0.0

    def clock(self, opened: Store) -> Clock:
        """Return the clock of the running boot, re-read now and then for new anchors."""
        with self._lock:
            if self._clock is None or time.monotonic() - self._clock_read > CLOCK_FOR_S:
                self._clock, self._clock_read = opened.clock(), time.monotonic()
            return self._clock

    def forget_clock(self) -> None:
        """Read the anchors anew at the next stamp."""
        with self._lock:
            self._clock = None


def attach(app: Flask, box: Box) -> None:
    """Give an application its box; each request's store is closed when the request ends."""
    app.extensions[_KEY] = box
    _STORE.attach(app)


def settings() -> Settings:
    """Return the settings of this box, with what the hospital has set on top of its own."""
    if "settings" not in g:
        try:
            g.settings = remote_settings.effective(_box().settings, store())
        except StoreError:  # the page that says so needs them, too
            return _box().settings
    return cast(Settings, g.settings)


def store() -> Store:
    """Return the store of this request; raises `StoreError` when it cannot be opened."""
    return _STORE.get()


def clock() -> Clock:
    """Return the clock of the running boot."""
    return _box().clock(store())


def forget_clock() -> None:
    """Notice a new anchor of this boot at once."""
    _box().forget_clock()


def now() -> Stamp:
    """Stamp this instant."""
    return clock().now()


def session() -> staff.Session | None:
    """Return who is signed in at this screen, or None."""
    if "session" not in g:
        token = request.cookies.get(COOKIE)
        g.session = _session(token) if token else None
    return cast("staff.Session | None", g.session)


def csrf_token() -> str | None:
    """Return the CSRF token of who is signed in, or None."""
    current = session()
    return None if current is None else current.csrf


def worker() -> staff.Session:
    """Return who is signed in, on a page that only staff can open."""
    signed_in = session()
    if signed_in is None:
        raise LookupError("a staff page was served without a session")
    return signed_in


def here() -> str:
    """Return the address to come back to: this page, or the one whose form led here."""
    if request.method == "GET":
        return request.full_path
    before = urlsplit(request.referrer or "")
    return before.path + (f"?{before.query}" if before.query else "") or "/"


def _session(token: str) -> staff.Session | None:
    asked_by_itself = (request.endpoint or "").rpartition(".")[2] in POLLS
    try:
        return staff.session(store(), clock(), token, touch=not asked_by_itself)
    except DiskError:  # reading goes on when nothing can be written, also the time of last use
        return staff.session(store(), clock(), token, touch=False)


def _box() -> Box:
    return cast(Box, current_app.extensions[_KEY])


def _open_store() -> Store:
    own = _box().settings
    return open_store(own.database, own.box_id, cache_kb=LITTLE_CACHE_KB)


_STORE = RequestResource("store", _open_store)
