"""What every page of the desk reaches for: this request's archive, and the hospital's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g

from hospital.archive import Archive, OpenArchive
from hospital.authority import Authority
from hospital.claims import Offer
from hospital.settings import HospitalSettings

_PARTS = "healthpost"


@dataclass(frozen=True, slots=True)
class Parts:
    """The real things that the desk is built on, chosen by whoever starts it."""

    settings: HospitalSettings
    open_archive: OpenArchive
    authority: Authority
    offer: Offer


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
