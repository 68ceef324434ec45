"""What every page of the desk needs: the archive of this request, and the hospital's parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from flask import Flask, current_app

from hospital.archive import Archive, OpenArchive
from hospital.archive.settings import HospitalSettings
from hospital.fleet.authority import Authority
from hospital.fleet.claims import Offer
from sync.keys.keys import PublicKeys
from web.request_resource import RequestResource

_PARTS = "healthpost"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the desk depends on, chosen by whoever starts it.

    `present_keys` are asked for at each enrolment: the hospital's key may change under a running
    desk. None: those of the offer stay.
    """

    settings: HospitalSettings
    open_archive: OpenArchive
    authority: Authority
    offer: Offer
    present_keys: Callable[[], PublicKeys] | None = None

    def offer_now(self) -> Offer:
        """Return what a box that joins now receives."""
        present_keys = self.present_keys
        return self.offer if present_keys is None else replace(self.offer, keys=present_keys())


def fit(app: Flask, parts: Parts) -> None:
    """Give an application its parts; each request's archive is closed when the request ends."""
    app.extensions[_PARTS] = parts
    _ARCHIVE.attach(app)


def parts() -> Parts:
    """Return the parts of the running application."""
    return cast(Parts, current_app.extensions[_PARTS])


def archive() -> Archive:
    """Return this request's archive, opened when it is first asked for."""
    return _ARCHIVE.get()


def _open_archive() -> Archive:
    return parts().open_archive()


_ARCHIVE = RequestResource("archive", _open_archive)
