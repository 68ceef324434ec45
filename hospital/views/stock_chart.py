"""Queries of the clinics' stock: what each has of an item, what is low or out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from edge.stock import items
from edge.stock.level import Movement, What, on_hand
from edge.visits.eye_tests import EYE_TESTS
from hospital.archive import Archive, Row


@dataclass(frozen=True, slots=True)
class StockRow:
    """One item at one clinic: how much there is, in which unit, and when it was last counted.

    `low` is the number from which on the clinic calls it low, None: not known.
    """

    clinic: str
    name: str
    unit: str
    number: Decimal
    low: int | None
    counted: str | None
    last: str

    @property
    def is_out(self) -> bool:
        """Whether there is none."""
        return self.number <= 0

    @property
    def is_low(self) -> bool:
        """Whether there is little, or none."""
        return self.is_out or (self.low is not None and self.number <= self.low)


_STANDS = "NOT EXISTS (SELECT 1 FROM taken_back t WHERE t.entry = e.id AND t.clinic = e.clinic)"
"""An entry may come after the one that took it back."""

_MOVED = (
    "SELECT clinic, item, what, units, unit, name, CAST(low AS BIGINT) AS low, day,"
    f" wall_ms, number FROM stock_entry e WHERE {_STANDS}"
)
_VACCINES = (
    "SELECT clinic, vaccine AS item, 'used' AS what, '1' AS units, 'dose' AS unit,"
    " NULL AS name, NULL AS low, day, wall_ms, number FROM immunization e"
    f" WHERE elsewhere = 0 AND {_STANDS}"
)
_MEDICINES = (
    "SELECT clinic, medicine AS item, 'used' AS what, quantity AS units, '' AS unit,"
    " NULL AS name, NULL AS low, day, wall_ms, number FROM medicine e"
    f" WHERE state = 'given' AND quantity IS NOT NULL AND {_STANDS}"
)
"""What is used by entries of their own, as rows of a movement."""


def of_clinics(archive: Archive) -> list[StockRow]:
    """Return what each clinic has, by clinic, what is out or low first.

    A clinic that never counted or received an item has no row of it.
    """
    by_item: dict[tuple[str, str], list[Row]] = {}
    every = f"{_MOVED} UNION ALL {_VACCINES} UNION ALL {_MEDICINES}"
    # A box's clock never goes back, so its own order is that of its clock.
    moved = [*archive.rows(every), *_tests(archive)]
    for row in sorted(moved, key=lambda r: (r["wall_ms"], r["number"])):
        by_item.setdefault((row["clinic"], row["item"]), []).append(row)
    known = (_stock_row(clinic, item, rows) for (clinic, item), rows in by_item.items())
    found = [row for row in known if row is not None]
    return sorted(found, key=lambda r: (r.clinic, not r.is_out, not r.is_low, r.name))


def _tests(archive: Archive) -> Iterable[Row]:
    """Return what tests read by eye used, as rows of a movement: one of its kit for each."""
    by_code = {
        part.code: item.item
        for item in items.packaged().values()
        if item.of_test
        for part in EYE_TESTS[item.of_test].results
    }
    for row in archive.rows(
        "SELECT clinic, coded, wall_ms, number FROM reading WHERE kind = 'test' AND discarded = 0"
    ):
        item = next((by_code[code] for code, _ in json.loads(row["coded"]) if code in by_code), "")
        if item:
            used = {"item": item, "what": "used", "units": "1", "unit": "", "name": None}
            day = datetime.fromtimestamp(row["wall_ms"] / 1000, UTC).date().isoformat()
            yield {**row, **used, "low": None, "day": day}


def _stock_row(clinic: str, item: str, rows: list[Row]) -> StockRow | None:
    said = [row for row in rows if row["what"] in (What.COUNTED, What.RECEIVED)]
    if not said:
        return None
    counted = [row["day"] for row in rows if row["what"] == What.COUNTED]
    packaged = items.packaged().get(item)
    return StockRow(
        clinic=clinic,
        name=said[-1]["name"] or (packaged.name if packaged else item),
        unit=said[-1]["unit"],
        number=on_hand(Movement(item, r["what"], Decimal(r["units"])) for r in rows),
        low=said[-1]["low"],
        counted=counted[-1] if counted else None,
        last=max(row["day"] for row in rows),
    )
