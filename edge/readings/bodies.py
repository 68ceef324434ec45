"""The journal body of a reading, and the values that one holds."""

from __future__ import annotations

from edge.model.reading import Reading
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
        "patient": reading.patient_id,
        "visit": reading.visit_id,
    }
    return body | {k: v for k, v in optional.items() if v not in (None, [])}
