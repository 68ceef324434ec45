"""Stock: the items of which nothing was left on some day of a month.

What is left is counted from entries: received, used, lost, and what was counted by hand, which
settles it; a medicine given, a test made and a dose of a vaccine take one from their own item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from edge.reports.core import months
from edge.reports.core.settled import Happening, Order, Settled


class _Change(NamedTuple):
    order: Order
    day: str
    item: str
    number: Decimal
    is_count: bool
    is_own: bool
    """Entered as a movement, not counted from another entry."""


def days_out(settled: Settled, month: str) -> dict[str, int]:
    """Return on how many days of the month nothing of an item was left, by item.

    An item counts from the first entry on that says how much of it there is.
    """
    by_item: dict[str, list[_Change]] = defaultdict(list)
    for change in sorted(_changes(settled)):
        by_item[change.item].append(change)
    found = {item: _days_without(rows, month) for item, rows in sorted(by_item.items())}
    return {item: days for item, days in found.items() if days}


def _days_without(rows: list[_Change], month: str) -> int:
    """Count the days of a month that ended with nothing left."""
    left, is_known = Decimal(0), False
    days, day, last = 0, months.first_day(month), months.last_day(month)
    position = 0
    while day <= last:
        while position < len(rows) and rows[position].day <= day:
            change = rows[position]
            left = change.number if change.is_count else left + change.number
            is_known = is_known or change.is_own
            position += 1
        days += is_known and left <= 0
        day = months.plus_days(day, 1)
    return days


TEST_ITEMS: Final = {
    "70569-9": "malaria-test",
    "75622-1": "hiv-test",
    "2106-3": "pregnancy-test",
    **dict.fromkeys(("20454-5", "25428-4", "2514-8", "5794-3", "5799-2", "5802-4"), "urine-strip"),
}
"""The item that a test read by eye uses, by the code of its result; as in `edge.stock.items`."""


def _changes(settled: Settled) -> Iterator[_Change]:
    yield from _moved(settled)
    yield from _used_up(settled)


def _moved(settled: Settled) -> Iterator[_Change]:
    for row in settled.kind("stock"):
        number = _number(row.data.get("number"))
        item = row.data.get("item")
        if number is None or not item:
            continue
        what = row.data.get("what")
        sign = -1 if what in ("used", "lost") else 1
        yield _Change(row.order, row.day, str(item), sign * number, what == "counted", True)


def _used_up(settled: Settled) -> Iterator[_Change]:
    """Yield what entries of their own kinds use."""
    for row in settled.kind("medicine"):
        if row.data.get("state") == "given" and row.data.get("quantity"):
            yield _used(row, str(row.data.get("medicine", "")), row.data["quantity"])
    for row in settled.kind("immunization"):
        if not row.data.get("elsewhere"):
            yield _used(row, str(row.data.get("vaccine", "")), "1")
    for row in settled.kind("reading"):
        coded = row.data.get("coded")
        if row.data.get("kind") == "test" and coded and coded[0][0] in TEST_ITEMS:
            yield _used(row, TEST_ITEMS[coded[0][0]], "1")


def _used(row: Happening, item: str, quantity: object) -> _Change:
    return _Change(row.order, row.day, item, -(_number(quantity) or Decimal(0)), False, False)


def _number(text: object) -> Decimal | None:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**9 else None
