"""How much of an item there is: a fold over what was received, used, counted and lost.

Pure, and the same at box and hospital. A count says what is there; what comes after it is added or
taken away. More used than was there leaves a number below zero, which only a count can mend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edge.stock.expiry import last_day

SOON_DAYS = 60
"""So many days before it expires, a batch is named: a delivery may take a season."""


class What(StrEnum):
    """What happened to an item."""

    RECEIVED = "received"
    USED = "used"
    COUNTED = "counted"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that happened to an item; `number` counts its unit.

    `batch` and `expiry` (`YYYY-MM-DD` or `YYYY-MM`, its last day) are those of what was received.
    """

    item: str
    what: str
    number: Decimal
    batch: str | None = None
    expiry: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is left of a batch when the oldest is used first."""

    batch: str | None
    expiry: str
    number: Decimal


def on_hand(movements: Iterable[Movement]) -> Decimal:
    """Return how much of one item there is; `movements` in the order in which they happened."""
    number = Decimal(0)
    for one in movements:
        match one.what:
            case What.COUNTED:
                number = one.number
            case What.RECEIVED:
                number += one.number
            case _:
                number -= one.number
    return number


def batches(movements: Iterable[Movement]) -> tuple[Batch, ...]:
    """Return the batches that are left, the first to expire first.

    What there is is taken to be of the batches that expire last: who gives from a shelf gives the
    oldest first. What came without an expiry is in no batch.
    """
    known = list(movements)
    left = on_hand(known)
    received = [one for one in known if one.what == What.RECEIVED and one.expiry]
    found: list[Batch] = []
    for one in sorted(received, key=lambda m: last_day(m.expiry or "2000-01"), reverse=True):
        number = min(one.number, left)
        if number > 0:
            found.append(Batch(one.batch, one.expiry or "", number))
            left -= number
    return tuple(reversed(found))
