"""Custody that receipts have told of and that a full disk would not take yet.

It was said of the records that the box then had. Numbered anew meanwhile, or exchanged with an
older file, the records under the same numbers are others: then nothing is owed any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.core.session import Outbox


@dataclass(frozen=True, slots=True)
class UnsavedReceipt:
    """A lane of an epoch is confirmed to `cum` and backed up to `safe`."""

    lane: str
    epoch: int
    cum: int
    safe: int


class UnsavedReceipts:
    """The latest debt of each lane."""

    def __init__(self) -> None:
        self._debts: dict[str, UnsavedReceipt] = {}

    def owe(self, debt: UnsavedReceipt) -> None:
        """Remember a debt in place of the lane's earlier one."""
        self._debts[debt.lane] = debt

    def due(self, outbox: Outbox) -> list[UnsavedReceipt]:
        """Return the debts that are still true; forget the others."""
        self._debts = {lane: d for lane, d in self._debts.items() if still_true(d, outbox)}
        return list(self._debts.values())

    def pay(self, debt: UnsavedReceipt) -> None:
        """Forget a debt that was written down."""
        self._debts.pop(debt.lane, None)

    def forget(self) -> None:
        """Forget all, as when the process ends."""
        self._debts.clear()


def still_true(debt: UnsavedReceipt, outbox: Outbox) -> bool:
    """Whether the box still has the records that a debt speaks of."""
    return debt.epoch == outbox.epoch() and debt.cum <= outbox.held(debt.lane).last
