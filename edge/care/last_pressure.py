"""The blood pressure of a person that counts last: of its visit where one was reckoned."""

from __future__ import annotations

from collections.abc import Sequence

from edge.model.reading import Code, Kind, Value
from edge.readings import history, measured
from edge.store.store import Store

LOOKED_AT = 5
"""Of the last pressures, the first that nobody has marked as wrong counts."""


def of_person(store: Store, ids: Sequence[str]) -> tuple[Value, Value] | None:
    """Return systolic and diastolic in mmHg, None without a pressure.

    Where a visit has a pressure that counts (`edge.readings.measured`), it is that one.
    """
    for reading in history.of_kind(store, ids, Kind.BLOOD_PRESSURE, limit=LOOKED_AT).readings:
        upper, lower = reading.value(Code.SYSTOLIC), reading.value(Code.DIASTOLIC)
        if upper is None or lower is None or reading.struck:
            continue
        counts = measured.of_visit(store, reading.visit_id) if reading.visit_id else None
        held = {value.code: value for value in counts.values} if counts else {}
        return held.get(Code.SYSTOLIC, upper), held.get(Code.DIASTOLIC, lower)
    return None
