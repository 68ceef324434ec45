"""The values in the journal body of a reading: as they are written, and as they are read back."""

from __future__ import annotations

from decimal import Decimal

from edge.model.entry import Body
from edge.model.reading import CodedValue, Value


def coded_of(body: Body) -> tuple[CodedValue, ...]:
    """Return the results in words of a reading's journal body."""
    rows = body.get("coded")
    return tuple(CodedValue(*row) for row in rows) if isinstance(rows, list) else ()


def values_of(body: Body) -> tuple[Value, ...]:
    """Return the values of a reading's journal body."""
    rows = body.get("values")
    if not isinstance(rows, list):
        return ()
    return tuple(Value(r[0], Decimal(r[1]), r[2], *r[3:4]) for r in rows)


def row_of(value: Value) -> list[str]:
    """Return a value as a body holds it: code, number, unit, and a comparator if it has one."""
    row = [value.code, str(value.value), value.unit]
    return [*row, value.comparator] if value.comparator else row
