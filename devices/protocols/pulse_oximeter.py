"""Pulse oximetry over Bluetooth LE: spot check 2A5E, continuous 2A5F.

Source: Pulse Oximeter Service 1.0.1 (PLXS). A finger that is out sends NaN; demonstration, test,
calibration, "unavailable" and "invalid" values, and those of a sensor that is not connected, are
decoded but are no reading.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, flag_names, number, positive
from edge.model.reading import Code, Kind, Measurement, Value

_SPOT_TIME, _SPOT_STATUS, _SPOT_SENSOR, _SPOT_PAI, _SPOT_CLOCK_NOT_SET = (1 << n for n in range(5))
_FAST, _SLOW, _STATUS, _SENSOR, _PAI = (1 << n for n in range(5))

_STATUS_BITS = (
    *("",) * 5,
    "measurement_ongoing",
    "early_estimate",
    "validated",
    "fully_qualified",
    "from_storage",
    "demonstration",
    "testing",
    "calibration_ongoing",
    "unavailable",
    "questionable",
    "invalid",
)
_SENSOR_BITS = (
    "extended_display_update",
    "equipment_malfunction",
    "signal_processing_irregularity",
    "inadequate_signal",
    "poor_signal",
    "low_perfusion",
    "erratic_signal",
    "nonpulsatile_signal",
    "questionable_pulse",
    "signal_analysis_ongoing",
    "sensor_interference",
    "sensor_unconnected",
    "unknown_sensor",
    "sensor_displaced",
    "sensor_malfunctioning",
    "sensor_disconnected",
)
_REFUSED = frozenset({"demonstration", "testing", "calibration_ongoing", "unavailable", "invalid"})

_SETTLED = frozenset({"validated", "fully_qualified", "from_storage"})

_NO_SENSOR = frozenset({"sensor_unconnected", "sensor_disconnected"})

# A spot check may be sent as the finger leaves, so this bit says nothing about its value; in a
# stream it does.
_FINGER_OUT = frozenset({"sensor_displaced"})


def decode_spot(data: bytes) -> Fields:
    """Decode 2A5E: SpO2 and pulse amplitude index in percent, pulse per minute."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {"spo2": cursor.sfloat(), "pulse": cursor.sfloat()}
    if flags & _SPOT_TIME:
        fields["time"] = cursor.date_time()
    _optional(
        cursor, fields, flags & _SPOT_STATUS != 0, flags & _SPOT_SENSOR != 0, flags & _SPOT_PAI != 0
    )
    if flags & _SPOT_CLOCK_NOT_SET:
        fields["clock_not_set"] = True
    return fields


def decode_continuous(data: bytes) -> Fields:
    """Decode 2A5F: the normal pair, then fast and slow averages when the device sends them."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {"spo2": cursor.sfloat(), "pulse": cursor.sfloat()}
    for flag, suffix in ((_FAST, "fast"), (_SLOW, "slow")):
        if flags & flag:
            fields[f"spo2_{suffix}"] = cursor.sfloat()
            fields[f"pulse_{suffix}"] = cursor.sfloat()
    _optional(cursor, fields, flags & _STATUS != 0, flags & _SENSOR != 0, flags & _PAI != 0)
    return fields


def measured_spot(fields: Fields) -> Measurement | None:
    """Return SpO2, pulse and perfusion index; None when the device disowns the value."""
    flags = _flags(fields)
    spo2 = number(fields["spo2"])
    if spo2 is None or (_REFUSED | _NO_SENSOR).intersection(flags):
        return None
    clock_set = not fields.get("clock_not_set")
    return Measurement(
        kind=Kind.OXIMETRY,
        values=(
            Value(Code.SPO2, spo2, "%"),
            *positive(Code.PULSE, fields["pulse"], "/min"),
            *positive(Code.PERFUSION_INDEX, fields.get("pai"), "%"),
        ),
        device_time=cast("datetime | None", fields.get("time")) if clock_set else None,
        quality=flags,
        stored="from_storage" in flags,
    )


def measured_continuous(fields: Fields) -> Measurement | None:
    """Return one sample of the stream; None also while the finger is out."""
    return None if _FINGER_OUT.intersection(_flags(fields)) else measured_spot(fields)


def is_running(fields: Fields) -> bool:
    """Whether a spot check is still under way, by its own words."""
    flags = _flags(fields)
    return "measurement_ongoing" in flags and not _SETTLED.intersection(flags)


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic(
        "2A5E",
        "PLX Spot-check Measurement",
        decode_spot,
        measured_spot,
        running=is_running,
        live=measured_spot,
    ),
    BleCharacteristic(
        "2A5F",
        "PLX Continuous Measurement",
        decode_continuous,
        measured_continuous,
        streaming=True,
    ),
)


def _optional(
    cursor: Cursor, fields: dict[str, object], status: bool, sensor: bool, pai: bool
) -> None:
    if status:
        fields["status"] = flag_names(cursor.unsigned(2), _STATUS_BITS)
    if sensor:
        fields["sensor"] = flag_names(cursor.unsigned(3), _SENSOR_BITS)
    if pai:
        fields["pai"] = cursor.sfloat()


def _flags(fields: Fields) -> tuple[str, ...]:
    status = cast("tuple[str, ...]", fields.get("status", ()))
    sensor = cast("tuple[str, ...]", fields.get("sensor", ()))
    return status + sensor
