"""Receipts whose custody a full disk refused to store: kept in memory and stored later.

A receipt confirms the records that the box had at that time. After a new epoch, or when the
database was replaced by an older one, other records have the same numbers: the receipt is dropped.
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
    """The latest unsaved receipt of each lane."""

    def __init__(self) -> None:
        self._receipts: dict[str, UnsavedReceipt] = {}

    def add(self, receipt: UnsavedReceipt) -> None:
        """Keep a receipt in place of the lane's earlier one."""
        self._receipts[receipt.lane] = receipt

    def pending(self, outbox: Outbox) -> list[UnsavedReceipt]:
        """Return the receipts that are still true; drop the others."""
        self._receipts = {
            lane: receipt for lane, receipt in self._receipts.items() if still_true(receipt, outbox)
        }
        return list(self._receipts.values())

    def remove(self, receipt: UnsavedReceipt) -> None:
        """Drop a receipt that was stored."""
        self._receipts.pop(receipt.lane, None)

    def clear(self) -> None:
        """Drop all: the hospital's WELCOME states custody anew."""
        self._receipts.clear()


def still_true(receipt: UnsavedReceipt, outbox: Outbox) -> bool:
    """Whether the box still has the records that a receipt confirms."""
    return receipt.epoch == outbox.epoch() and receipt.cum <= outbox.held(receipt.lane).last
