"""Queries of the clinics' stock: what each has of an item, what is low or out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from edge.stock import items
from edge.stock.level import Movement, What, on_hand
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


_USED = (
    "SELECT box, clinic, vaccine AS item, 'used' AS what, '1' AS units, 'dose' AS unit,"
    " NULL AS name, NULL AS low, day, boot, t_ms, number FROM immunization"
    " WHERE taken_back = 0 AND elsewhere = 0"
)
"""What is used by an entry of its own, as rows of a movement."""

_MOVED = (
    "SELECT box, clinic, item, what, units, unit, name, CAST(low AS BIGINT) AS low, day, boot,"
    " t_ms, number FROM stock_entry WHERE taken_back = 0"
)


def of_clinics(archive: Archive) -> list[StockRow]:
    """Return what each clinic has, by clinic, what is out or low first.

    A clinic that never counted or received an item has no row of it.
    """
    by_item: dict[tuple[str, str], list[Row]] = {}
    for row in archive.rows(f"{_MOVED} UNION ALL {_USED}"):
        by_item.setdefault((row["clinic"], row["item"]), []).append(row)
    known = (_stock_row(clinic, item, _in_order(rows)) for (clinic, item), rows in by_item.items())
    found = [row for row in known if row is not None]
    return sorted(found, key=lambda r: (r.clinic, not r.is_out, not r.is_low, r.name))


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """Return the rows box after box, those of one box as its own clock of boots orders them.

    A box that replaced another one comes after it: its first record came later.
    """
    known = list(rows)
    first: dict[str, int] = {}
    for row in known:
        first[row["box"]] = min(row["number"], first.get(row["box"], row["number"]))
    return sorted(known, key=lambda r: (first[r["box"]], r["box"], r["boot"], r["t_ms"]))


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
