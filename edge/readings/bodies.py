"""The journal body of a reading, and the values that one holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from edge.model.entry import Body
from edge.model.reading import CodedValue, EyeTestKit, Reading, Value


def reading_body(reading: Reading) -> dict[str, object]:
    """Return the journal body of a reading; keys without a value are left out."""
    measured = reading.measured
    body: dict[str, object] = {
        "kind": measured.kind.value,
        "source": reading.source,
        "values": [row_of(v) for v in measured.values],
    }
    optional: dict[str, object] = {
        "device": reading.device_id,
        "model": reading.model,
        "time": measured.device_time.isoformat() if measured.device_time else None,
        "quality": list(measured.quality),
        "record": measured.record,
        "coded": [[row.code, row.word] for row in measured.coded],
        "found": list(measured.found),
        "user": measured.user,
        "stored": measured.stored or None,
        **_kit(measured.kit),
        "day": None if reading.day is None else reading.day.isoformat(),
        "patient": reading.patient_id,
        "visit": reading.visit_id,
    }
    return body | {k: v for k, v in optional.items() if v not in (None, [], "")}


def kit_of(body: Body) -> EyeTestKit | None:
    """Return the kit of a test read by eye, None when nothing of it stands in a reading's body."""
    name, lot, expiry = (body.get(key) for key in ("kit", "lot", "expiry"))
    if name is None and lot is None and expiry is None:
        return None
    last = date.fromisoformat(expiry) if isinstance(expiry, str) else None
    return EyeTestKit(str(name or ""), str(lot or ""), last)


def day_of(body: Body) -> date | None:
    """Return the day that stands on paper, of a reading that was typed in later."""
    day = body.get("day")
    return date.fromisoformat(day) if isinstance(day, str) else None


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


def _kit(kit: EyeTestKit | None) -> dict[str, object]:
    if kit is None:
        return {}
    expiry = None if kit.expiry is None else kit.expiry.isoformat()
    return {"kit": kit.name, "lot": kit.lot, "expiry": expiry}
