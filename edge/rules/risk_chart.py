"""The WHO 2019 chart of cardiovascular risk without laboratory: the risk in 10 years, in percent.

For people of 40 to 74 years without known cardiovascular disease. A chart is of one of 21 regions;
a region whose chart is not here has no result. The smoker, the index or the pressure may be
unknown: then the lowest and the highest risk of what is known are returned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

REGIONS = ("south_asia",)
"""The regions whose chart is in `edge/rules/charts/`."""

AGES = (40, 45, 50, 55, 60, 65, 70)
LAST_AGE = 74
PRESSURES = tuple(Decimal(bound) for bound in (120, 140, 160, 180))
INDEXES = tuple(Decimal(bound) for bound in (20, 25, 30, 35))
"""Bounds between the bands: at a bound the higher band holds."""

Cells = tuple[tuple[int, ...], ...]
"""Risk by band of pressure, then by band of body mass index, each from low to high."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the chart asks: sex `f` or `m`, completed years, mm[Hg], kg/m2; None: not known."""

    sex: str
    age_years: int
    smoker: bool | None
    systolic: Decimal | None
    index: Decimal | None


def risk(region: str, person: Person) -> tuple[int, int] | None:
    """Return the lowest and the highest risk in percent; None without a chart for this person."""
    if region not in REGIONS or not AGES[0] <= person.age_years <= LAST_AGE:
        return None
    age = AGES[bisect_right(AGES, person.age_years) - 1]
    smokers = (True, False) if person.smoker is None else (person.smoker,)
    found = [
        cells[row][column]
        for smoker in smokers
        if (cells := _chart(region).get((person.sex, smoker, age)))
        for row in _bands(PRESSURES, person.systolic)
        for column in _bands(INDEXES, person.index)
    ]
    return (min(found), max(found)) if found else None


def _bands(bounds: tuple[Decimal, ...], value: Decimal | None) -> Iterable[int]:
    if value is None:
        return range(len(bounds) + 1)
    return (bisect_right(bounds, value),)


@cache
def _chart(region: str) -> Mapping[tuple[str, bool, int], Cells]:
    name = f"cvd-{region.replace('_', '-')}.txt"
    text = files("edge.rules").joinpath("charts", name).read_text(encoding="utf-8")
    chart: dict[tuple[str, bool, int], Cells] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        sex, smoker, age, *rows = line.split()
        cells = tuple(tuple(int(cell) for cell in row.split(",")) for row in reversed(rows))
        chart[sex, smoker == "y", int(age)] = cells
    return chart
