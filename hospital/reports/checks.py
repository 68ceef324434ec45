"""Tells boxes whether their closed months are counted alike here: an item of their feed."""

from __future__ import annotations

from edge.model.feed_item import Entity, Item
from hospital.archive import Archive, row
from hospital.feed import feed
from hospital.reports import statements
from hospital.reports.statements import Comparison, Statement

TOLD = 20
"""So many differences a box is told of, as an item of the feed has room for; the desk has all."""


def newest(archive: Archive) -> list[tuple[str, Statement]]:
    """Return the newest statement of each month of each box, with the clinic."""
    rows = archive.rows("SELECT DISTINCT clinic, month FROM month_statement ORDER BY month DESC")
    return [
        (r["clinic"], one)
        for r in rows
        for one in statements.newest(statements.of_month(archive, r["clinic"], r["month"]))
    ]


def is_settled(archive: Archive, clinic: str, stated: Statement) -> bool:
    """Whether the box has been told that this very statement is counted alike."""
    item = feed.get(archive, clinic, Entity.MONTH, _key(stated))
    return item is not None and item.body.get("sha256") == stated.sha256 and _equal(item)


def tell(archive: Archive, clinic: str, found: Comparison) -> None:
    """Put what came of a comparison into the clinic's feed, when it is not there already."""
    stated = found.stated
    body: dict[str, object] = {"box": stated.box, "month": stated.month}
    body |= {"sha256": stated.sha256, "equal": found.is_equal}
    body["differences"] = [list(one) for one in found.differences[:TOLD]]
    body["more"] = len(found.differences[TOLD:])
    with archive.transaction():
        feed.lock(archive, clinic)
        before = feed.get(archive, clinic, Entity.MONTH, _key(stated))
        if before is None or before.body != body:
            rev = 1 if before is None else before.rev + 1
            feed.put(archive, clinic, Item(Entity.MONTH, _key(stated), rev, body))


def arrivals(archive: Archive, box: str) -> int:
    """Return a number that grows with everything that comes from a box."""
    found = row(archive, "SELECT arrivals FROM box WHERE id = ?", (box,))
    return 0 if found is None else int(found["arrivals"])


def _key(stated: Statement) -> str:
    return f"{stated.box}.{stated.month}"


def _equal(item: Item) -> bool:
    return item.body.get("equal") is True
