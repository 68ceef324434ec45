"""The WHO 2019 chart of cardiovascular risk without laboratory: the risk in 10 years, in percent.

For people of 40 to 74 years without known cardiovascular disease. A chart is of one of 21 regions;
a region whose chart is not here has no result. The bounds of the bands stand in
`edge/rules/tables/cvd_risk.toml`; here they are counted from the lowest, which is 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

REGIONS: Final = ("south_asia",)
"""The regions whose chart is in `edge/rules/charts/`."""

AGES: Final = (40, 45, 50, 55, 60, 65, 70)
LAST_AGE: Final = 74

Cells = tuple[tuple[int, ...], ...]
"""Risk by band of pressure, then by band of body mass index, each from low to high."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the chart asks of a person: sex `f` or `m`, completed years, whether they smoke."""

    sex: str
    age_years: int
    smoker: bool


def risk(region: str, person: Person, pressure: int, index: int) -> int | None:
    """Return the risk in percent by the bands of pressure and of body mass index, or None."""
    if region not in REGIONS or not AGES[0] <= person.age_years <= LAST_AGE:
        return None
    age = AGES[bisect_right(AGES, person.age_years) - 1]
    cells = _chart(region).get((person.sex, person.smoker, age))
    return None if cells is None else cells[pressure][index]


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
