"""Stock: what is there, what is low or out, what expires; received, used, counted and lost."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.model.errors import InvalidForm
from edge.staff import staff
from edge.staff.drafts import Draft
from edge.stock import stock
from edge.stock.items import Item
from edge.stock.level import What
from edge.store import taken_back
from kiosk_ui import context, stock_texts
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, t

page = Blueprint("stock", __name__)

UNIT_NAMES = {
    "piece": N_("pieces"),
    "strip": N_("strips"),
    "test": N_("tests"),
    "tablet": N_("tablets"),
    "sachet": N_("sachets"),
    "bottle": N_("bottles"),
    "vial": N_("vials"),
    "dose": N_("doses"),
    "pair": N_("pairs"),
}
ACTS = {
    What.RECEIVED: N_("Received"),
    What.USED: N_("Used"),
    What.COUNTED: N_("Counted"),
    What.LOST: N_("Lost or thrown away"),
}
_WRONG = {
    ("what", "unknown"): N_("Choose what happened."),
    ("number", "format"): N_("Enter a whole number."),
    ("batch", "too-long"): N_("This is too long."),
    ("expiry", "format"): N_("Enter the expiry as on the packet: month and year."),
    ("expiry", "impossible"): N_("There is no such date."),
}


@page.get("/stock")
@staff_only
def show() -> str:
    """Show every item, what is out or low first."""
    known, wrong = stock_texts.kept()
    shelves = stock.shelves(context.store(), known, context.now())
    return render_template(
        "stock.html", shelves=shelves, name=stock_texts.name, units=UNIT_NAMES, wrong=wrong
    )


@page.get("/stock/<item>")
@staff_only
def show_item(item: str) -> str:
    """Show one item: its batches, its movements, and the form for another one."""
    return _page(_item(item), {}, {})


def _typed(item: str) -> Draft:
    fields = {key: request.form.get(key, "")[:100] for key in ("what", "number", "batch", "expiry")}
    return Draft(f"stock/{item}"[:80], url_for("stock.show_item", item=item), fields)


@page.post("/stock/<item>")
@staff_form(_typed)
def keep(item: str) -> ResponseReturnValue:
    """Keep what happened to an item; what cannot be read stays in its box with the reason."""
    kept, fields = _item(item), dict(_typed(item).fields)
    try:
        stock.move(context.store(), context.now(), kept, fields, context.worker().staff.id)
    except InvalidForm as error:
        return _page(kept, fields, error.fields), 422
    return redirect(url_for(".show_item", item=item), 303)


@page.post("/stock/<item>/taken-back/<int:entry>")
@staff_only
def take_back(item: str, entry: int) -> ResponseReturnValue:
    """Take back what somebody entered by mistake."""
    store = context.store()
    if not any(one.own and one.entry == entry for one in stock.movements(store, item)):
        abort(404)
    taken_back.take_back(store, context.now(), entry, "", actor=context.worker().staff.id)
    return redirect(url_for(".show_item", item=item), 303)


def _page(item: Item, typed: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    store = context.store()
    moved = stock.movements(store, item.item)
    return render_template(
        "stock_item.html",
        shelf=stock.shelf_of(store, item, context.now()),
        name=stock_texts.name,
        units=UNIT_NAMES,
        acts=ACTS,
        moved=moved,
        cut=len(moved) == stock.LISTED,
        names={person.id: person.name for person in staff.members(store)},
        typed=typed,
        wrong={field: t(_WRONG[field, kind]) for field, kind in wrong.items()},
    )


def _item(word: str) -> Item:
    known, _ = stock_texts.kept()
    moved = stock.movements(context.store(), word, 1)
    return known.get(word) or (stock.unlisted(word) if moved else abort(404))
