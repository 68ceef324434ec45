"""Marks a small weight that follows a person's on the same scale: a bag, or a foot. Pure.

It may also be the baby that the mother put on the scale, so it is kept, and a person looks at it;
the mark is dropped where the visit of an infant is open (`edge.readings.intake`).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from edge.model.reading import SMALL_AFTER_PERSON, Code, Measurement

WITHIN_MS = 600_000
PERSON_KG = Decimal(25)
SMALL_KG = Decimal(10)
PARTS = 4
"""A weight below `SMALL_KG`, and below a fourth of one above `PERSON_KG` in the ten minutes before.

Not from a guideline: a scale for babies never shows `PERSON_KG`, so it is never doubted.
"""


class WeightSequence:
    """Remembers the last weight of a person on one scale."""

    def __init__(self) -> None:
        self._person: tuple[int, Decimal] | None = None

    def doubted(self, t_ms: int, measured: Measurement) -> Measurement:
        """Return the measurement, marked when its weight is small after a person's."""
        kg = next((v.value for v in measured.values if v.code == Code.WEIGHT), None)
        if kg is None:
            return measured
        before = self._person
        if kg >= PERSON_KG:
            self._person = (t_ms, kg)
        if before is None or not 0 <= t_ms - before[0] <= WITHIN_MS:
            return measured
        if kg >= SMALL_KG or kg * PARTS >= before[1]:
            return measured
        return replace(measured, quality=(*measured.quality, SMALL_AFTER_PERSON))
