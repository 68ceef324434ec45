"""Readings for tests, as a station or a typing worker would hand them over."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from edge.model.clock import Stamp
from edge.model.reading import Code, Kind, Measurement, Reading, Value


def pressure(
    systolic: int | str = 120, diastolic: int | str = 80, pulse: int | str = 72
) -> tuple[Value, ...]:
    """The values of a cuff."""
    return (
        Value(Code.SYSTOLIC, Decimal(systolic), "mm[Hg]"),
        Value(Code.DIASTOLIC, Decimal(diastolic), "mm[Hg]"),
        Value(Code.PULSE, Decimal(pulse), "/min"),
    )


def cuff(
    at: Stamp,
    values: tuple[Value, ...] | None = None,
    *,
    device: str | None = "ble-cuff",
    time: datetime | None = None,
    record: str | None = None,
    stored: bool = False,
    patient: str | None = None,
) -> Reading:
    """A reading of the cuff `device`; typed when it is None."""
    measured = Measurement(
        Kind.BLOOD_PRESSURE,
        pressure() if values is None else values,
        device_time=time,
        record=record,
        stored=stored,
    )
    source = "typed" if device is None else "device"
    return Reading(measured, at, source, device, raw=b"\x00\x78", patient_id=patient)
