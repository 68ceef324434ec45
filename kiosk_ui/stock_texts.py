"""The clinic's stock for the pages: all that is kept, and a mark where something is low or out."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from markupsafe import Markup

from edge.medicines.site_list import Medicine
from edge.model.errors import SettingsError
from edge.stock import items, stock
from edge.stock.items import Item
from edge.stock.stock import Shelf
from kiosk_ui import context, site_medicines
from kiosk_ui.medicine_texts import listed_text
from kiosk_ui.wording import N_, count, own_words, t

log = logging.getLogger(__name__)


def kept() -> tuple[Mapping[str, Item], str]:
    """Return all that the clinic keeps, and why its own list is not used; "": it is."""
    medicines, _ = site_medicines.listed()
    listed = {word: _item(medicine) for word, medicine in medicines.items()}
    try:
        return listed | items.of_site(context.settings().home), ""
    except SettingsError as error:
        log.warning("the list of items is not used: %s", error)
        return listed | items.packaged(), str(error)


def name(item: Item) -> Markup:
    """Return the name of an item; a site's own stands in the site's own words."""
    return own_words(item.name) if item.own else listed_text(item.name)


def shelves() -> dict[str, Shelf]:
    """Return what there is, by the word of the item."""
    found = stock.shelves(context.store(), kept()[0], context.now())
    return {shelf.item.item: shelf for shelf in found}


def mark(shelf: Shelf | None) -> Markup | None:
    """Return "none left" or "3 left" where somebody must know it before choosing, else None."""
    if shelf is None or not shelf.is_low:
        return None
    if shelf.is_out:
        return t(N_("None left"))
    return t(N_("%(n)s left"), n=count(int(shelf.number)))


def left_of_tests() -> dict[str, Markup]:
    """Return the mark of each test read by eye whose kits are low or out, by the test's word."""
    found = {shelf.item.of_test: mark(shelf) for shelf in shelves().values()}
    return {test: text for test, text in found.items() if test and text is not None}


def low() -> list[tuple[Markup, Markup]]:
    """Return the name and the mark of all that is low or out."""
    found = ((name(shelf.item), mark(shelf)) for shelf in shelves().values())
    return [(what, text) for what, text in found if text is not None]


def _item(medicine: Medicine) -> Item:
    return Item(medicine.word, f"{medicine.label}", "piece", 0)
