"""The programmes and the schedule of vaccines in use: of this release, and the clinic's own.

A clinic's own files stand in the folder `programmes` of the box's home, and replace those of the
release by id. One that is wrong is not used: its last good copy is (`last-good`), or else that of
the release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from edge.care import programme_table, vaccine_table
from edge.care.programme import Programme
from edge.care.vaccine_schedule import VaccineSchedule
from edge.rules.table_rows import TableError
from edge.store import durable

T = TypeVar("T")

FOLDER = "programmes"
GOOD = "last-good"
VACCINES_FILE = "vaccines.toml"
LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Library:
    """What is in use, and what is `wrong` with files of the clinic, one sentence a file."""

    programmes: Mapping[str, Programme]
    vaccines: VaccineSchedule
    wrong: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Moves when a table is another one."""
        sums = [*(p.sha256 for p in self.programmes.values()), self.vaccines.sha256]
        return " ".join(sorted(sums))


def load(home: Path | None) -> Library:
    """Return what is in use at a box; without a home only what the release brings."""
    programmes = dict(_packaged())
    vaccines, wrong = _packaged_vaccines(), dict[str, str]()
    for file in _own_files(home):
        if file.name == VACCINES_FILE:
            vaccines = _read(file, vaccine_table.load, wrong) or vaccines
        else:
            own = _read(file, programme_table.load, wrong)
            if own is not None:
                programmes[own.id] = own
    return Library(programmes, vaccines, wrong)


def keep_good(home: Path) -> None:
    """Keep a copy of each file of the clinic that is right, for when somebody breaks it."""
    for file in _own_files(home):
        reader = vaccine_table.load if file.name == VACCINES_FILE else programme_table.load
        try:
            text = _text(file)
            reader(text, file.name, own=True)
        except TableError:
            continue
        good = file.parent / GOOD / file.name
        if not good.exists() or good.read_text(encoding="utf-8") != text:
            good.parent.mkdir(exist_ok=True)
            durable.replace(good, text.encode(), 0o640)


def check(file: Path) -> str:
    """Return the id of the table in a file; raises `TableError` with the line."""
    text = _text(file)
    if file.name == VACCINES_FILE:
        return vaccine_table.load(text, file.name, own=True).id
    return programme_table.load(text, file.name, own=True).id


def _read(file: Path, reader: Callable[..., T], wrong: dict[str, str]) -> T | None:
    try:
        return reader(_text(file), file.name, own=True)
    except TableError as error:
        wrong[file.name] = str(error)
    try:
        return reader(_text(file.parent / GOOD / file.name), file.name, own=True)
    except TableError:
        return None


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise TableError(file.name, 1, "this file is too large")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise TableError(file.name, 1, f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TableError(file.name, 1, "this is not text in UTF-8") from error


def _own_files(home: Path | None) -> list[Path]:
    return sorted((home / FOLDER).glob("*.toml")) if home is not None else []


@cache
def _packaged() -> Mapping[str, Programme]:
    folder = files("edge.care").joinpath("programmes")
    tables = sorted(
        (file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    )
    loaded = [programme_table.load(text, name) for name, text in tables]
    return {programme.id: programme for programme in loaded}


@cache
def _packaged_vaccines() -> VaccineSchedule:
    text = files("edge.care").joinpath(VACCINES_FILE).read_text(encoding="utf-8")
    return vaccine_table.load(text, VACCINES_FILE)


def texts() -> list[str]:
    """Return what the kiosk translates of the release's programmes and vaccines."""
    found: list[str] = []
    for programme in _packaged().values():
        found.append(programme.title)
        found += [fact.title for fact in programme.facts]
        found += [contact.title for contact in programme.contacts]
    found += [vaccine.title for vaccine in _packaged_vaccines().vaccines]
    return list(dict.fromkeys(found))
