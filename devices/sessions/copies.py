"""Tells equal records of one memory apart: the second of two is numbered as a copy. Pure.

Where a whole memory is read each time, records that equal each other to the last digit are
different measurements, such as two patients' equal values under a clock that stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edge.model.reading import Measurement


class Copies:
    """Keep one for each reading of a memory."""

    def __init__(self) -> None:
        self._seen: Counter[Measurement] = Counter()

    def numbered(self, found: Measurement) -> Measurement:
        """Return a record as it is, and each further one like it with the number of its copy."""
        self._seen[found] += 1
        copy = self._seen[found]
        if copy == 1:
            return found
        return replace(
            found, record=" ".join((*([found.record] if found.record else []), f"copy {copy}"))
        )
