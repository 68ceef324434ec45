"""What every page of the desk reaches for: this request's archive, and the hospital's parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from flask import Flask, current_app, g

from hospital.archive import Archive, OpenArchive
from hospital.archive.settings import HospitalSettings
from hospital.fleet.authority import Authority
from hospital.fleet.claims import Offer
from sync.keys.keys import PublicKeys

_PARTS = "healthpost"


@dataclass(frozen=True, slots=True)
class Parts:
    """The real things that the desk is built on, chosen by whoever starts it.

    `present_keys` are asked for at each enrolment: the hospital's key may change under a running
    desk. None: those of the offer stay.
    """

    settings: HospitalSettings
    open_archive: OpenArchive
    authority: Authority
    offer: Offer
    present_keys: Callable[[], PublicKeys] | None = None

    def offer_now(self) -> Offer:
        """Return what a box that joins now is told."""
        held = self.present_keys
        return self.offer if held is None else replace(self.offer, keys=held())


def fit(app: Flask, parts: Parts) -> None:
    """Give an application its parts; each request's archive is closed when the request ends."""
    app.extensions[_PARTS] = parts
    app.teardown_appcontext(_close)


def parts() -> Parts:
    """Return the parts of the running application."""
    return cast(Parts, current_app.extensions[_PARTS])


def archive() -> Archive:
    """Return this request's archive, opened when it is first asked for."""
    if "archive" not in g:
        g.archive = parts().open_archive()
    return cast(Archive, g.archive)


def _close(_error: BaseException | None) -> None:
    opened: Archive | None = g.pop("archive", None)
    if opened is not None:
        opened.close()
