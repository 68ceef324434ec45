"""What should be measured for the reason of a visit: one row a reason, a draft for a clinician.

Reasons are the words of the visit's reason; one without a row needs nothing in particular. The rows
are the project's own choice: the inputs of the rules that speak in such a visit (blood pressure:
ISH 2020; a sick child: WHO IMCI 2014; NEWS2: RCP 2017; pregnancy: WHO antenatal care 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.model.reading import Kind

STATUS: Final = "draft"

_NEWS2 = (
    Kind.BLOOD_PRESSURE,
    Kind.HEART_RATE,
    Kind.OXIMETRY,
    Kind.TEMPERATURE,
    Kind.RESPIRATORY_RATE,
)

NEEDED: Final[Mapping[str, tuple[Kind, ...]]] = {
    "pressure-check": (Kind.BLOOD_PRESSURE,),
    "sugar-check": (Kind.GLUCOSE, Kind.BLOOD_PRESSURE),
    "child-ill": (Kind.TEMPERATURE, Kind.RESPIRATORY_RATE, Kind.OXIMETRY, Kind.WEIGHT),
    "adult-ill": _NEWS2,
    "pregnancy": (Kind.BLOOD_PRESSURE, Kind.WEIGHT),
    "after-birth": (Kind.BLOOD_PRESSURE, Kind.HEART_RATE, Kind.TEMPERATURE),
    "newborn": (Kind.TEMPERATURE, Kind.RESPIRATORY_RATE, Kind.WEIGHT),
    "growth": (Kind.WEIGHT, Kind.HEIGHT, Kind.MUAC),
}

HEIGHT_HOLDS_FROM_YEARS: Final = 20
"""From this age a height of an earlier visit is carried over (the project's own choice: nobody
grows any more)."""


def needed_for(reason: str | None) -> tuple[Kind, ...]:
    """Return what should be measured, nothing for a reason without a row."""
    return NEEDED.get(reason or "", ())
