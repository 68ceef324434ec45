"""The journal body of a reading, and the values that one holds."""

from __future__ import annotations

from datetime import date

from edge.model.entry import Body
from edge.model.reading import EyeTestKit, Reading
from edge.model.reading_body import coded_of as coded_of
from edge.model.reading_body import row_of as row_of
from edge.model.reading_body import values_of as values_of


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


def _kit(kit: EyeTestKit | None) -> dict[str, object]:
    if kit is None:
        return {}
    expiry = None if kit.expiry is None else kit.expiry.isoformat()
    return {"kit": kit.name, "lot": kit.lot, "expiry": expiry}
