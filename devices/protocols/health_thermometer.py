"""Body temperature over Bluetooth LE: 2A1C, and 2A1E while the thermometer still settles.

Sources: Health Thermometer Service 1.0 (HTS), GSS Temperature Measurement.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, number
from edge.model.reading import Code, Kind, Measurement, Value

_FAHRENHEIT, _TIME, _SITE = 1, 2, 4

_SITES = {
    1: "armpit",
    2: "body",
    3: "ear",
    4: "finger",
    5: "gi",
    6: "mouth",
    7: "rectum",
    8: "toe",
    9: "tympanum",
}


def decode(data: bytes) -> Fields:
    """Decode 2A1C or 2A1E: temperature in C or F as sent, see `unit`; a reserved site is None."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {
        "unit": "F" if flags & _FAHRENHEIT else "C",
        "temperature": cursor.float32(),
    }
    if flags & _TIME:
        fields["time"] = cursor.date_time()
    if flags & _SITE:
        fields["site"] = _SITES.get(cursor.unsigned(1))
    return fields


def measured(fields: Fields) -> Measurement | None:
    """Return the temperature in Cel; None for specials."""
    temperature = number(fields["temperature"])
    if temperature is None:
        return None
    celsius = temperature if fields["unit"] == "C" else _celsius(temperature)
    return Measurement(
        kind=Kind.TEMPERATURE,
        values=(Value(Code.TEMPERATURE, celsius, "Cel"),),
        device_time=cast("datetime | None", fields.get("time")),
    )


def no_reading(fields: Fields) -> None:
    """Return None: an intermediate temperature still moves."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A1C", "Temperature Measurement", decode, measured),
    BleCharacteristic("2A1E", "Intermediate Temperature", decode, no_reading, streaming=True),
)


def _celsius(fahrenheit: Decimal) -> Decimal:
    # Two digits: one would not bring 97.8 F back as 97.8 F.
    return ((fahrenheit - 32) * 5 / 9).quantize(Decimal("0.01"))
