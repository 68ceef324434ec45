"""Where a message holds the number of a sample and the time of a result: an ordered list of fields.

A place is a segment's or record's name, a field's number as in the standard, and perhaps a
component: "O-3", "O-4.3", "OBR-7". The first place with a value wins, and the reading says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from devices.protocols.character_sets import codec_named
from devices.protocols.laboratory import Site, clock

_PLACE = re.compile(
    r"(?P<record>[A-Z][A-Z0-9]{0,2})-(?P<field>\d{1,2})(?:\.(?P<component>\d{1,2}))?"
)

_HOUR = re.compile(r"\d{10}")

FieldOf = Callable[[str, int], str]
"""Returns a field of the record that a result belongs to, with `^` between its components."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a message; `component` is 0 where the whole field is meant."""

    record: str
    field: int
    component: int = 0

    @property
    def name(self) -> str:
        """The place as people write it."""
        return f"{self.record}-{self.field}" + (f".{self.component}" if self.component else "")


def place(name: str) -> Place | None:
    """Return the place that a text such as "O-4.3" names; None when it names none."""
    match = _PLACE.fullmatch(name.strip())
    if match is None:
        return None
    return Place(match["record"], int(match["field"]), int(match["component"] or 0))


def sample(field_of: FieldOf, names: Iterable[str], whole: Callable[[str], str]) -> tuple[str, str]:
    """Return the sample's number and its place; both empty when no place holds one.

    `whole` takes the number out of a field of which no component was named.
    """
    for each in _places(names):
        text = field_of(each.record, each.field)
        found = _component(text, each.component) if each.component else whole(text)
        if found:
            return found, each.name
    return "", ""


def time(field_of: FieldOf, names: Iterable[str]) -> tuple[datetime | None, str]:
    """Return the time of a result and its place; None when no place holds a possible time.

    A day alone counts only where no place says the hour.
    """
    day: tuple[datetime | None, str] = (None, "")
    for each in _places(names):
        text = _component(field_of(each.record, each.field), each.component or 1)
        found = clock(text)
        if found is None:
            continue
        if _HOUR.match(text):
            return found, each.name
        day = day if day[0] else (found, each.name)
    return day


def wrong_setting(site: Site) -> str:
    """Return what is wrong with what was written down for an analyser; empty when nothing is."""
    for name in (*site.sample, *site.time):
        if place(name) is None:
            return f"{name!r} is no field such as OBR-3 or O-4.3"
    if site.encoding and codec_named(site.encoding) is None:
        return f"{site.encoding!r} is no character set"
    return ""


def first_component(text: str) -> str:
    """Return the first component that is not empty."""
    return next((part.strip() for part in text.split("^") if part.strip()), "")


def _component(text: str, number: int) -> str:
    parts = text.split("^")
    return parts[number - 1].strip() if number <= len(parts) else ""


def _places(names: Iterable[str]) -> Iterable[Place]:
    return (found for found in map(place, names) if found is not None)
