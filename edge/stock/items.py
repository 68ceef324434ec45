"""The items that a clinic keeps in stock: those of the product, and a site's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from edge.model.errors import SettingsError
from edge.settings.toml_table import Section, read_file
from edge.visits.eye_tests import EYE_TESTS

FILE = "stock.toml"
"""A site's own list, in the box's home folder."""

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its word, its name, what is counted, and from how many on it is low.

    `own`: the site's own list names it, in its own words. `of_test` is the test read by eye that
    uses one each time.
    """

    item: str
    name: str
    unit: str
    low: int
    own: bool = False
    of_test: str = ""


UNITS = ("piece", "strip", "test", "tablet", "sachet", "bottle", "vial", "dose", "pair")
"""What items are counted in."""


@cache
def packaged() -> dict[str, Item]:
    """Return the items that the product brings, by their word."""
    text = files("edge.stock").joinpath("items.toml").read_text(encoding="utf-8")
    return _items(tomllib.loads(text), own=False)


def of_site(home: Path) -> dict[str, Item]:
    """Return the items of this site, by their word; raises `SettingsError` in words."""
    try:
        raw = read_file(home / FILE, SettingsError)
    except FileNotFoundError:
        return packaged()
    return packaged() | _items(raw, own=True)


def _items(raw: object, *, own: bool) -> dict[str, Item]:
    rows = Section(raw if isinstance(raw, dict) else {}, "stock", SettingsError).tables("item")
    found: dict[str, Item] = {}
    for number, row in enumerate(rows, start=1):
        place = f"stock.item {number}"
        section = Section({place: dict(row)}, place, SettingsError)
        item = Item(
            section.text("item"),
            section.text("name"),
            section.choice("unit", "piece", UNITS),
            section.number("low", 0, 0, _LARGEST),
            own,
            section.choice("of_test", "", ("", *EYE_TESTS)),
        )
        if item.item in found:
            raise SettingsError(f"{place}: {item.item!r} stands there twice")
        found[item.item] = item
    return found


KIOSK_TEXTS = tuple(item.name for item in packaged().values())
"""What of this table the kiosk translates; its catalogs take these texts from here."""
