"""The families of Bluetooth characteristics that a box understands, one row each.

A new family is one file in `devices/protocols`, one row here and one page in docs/devices. A new
model of a known family is one row in `devices.catalogue.ble_models`.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.catalogue.evidence import Evidence
from devices.driver import BleCharacteristic
from devices.protocols import (
    battery,
    blood_pressure,
    body_composition,
    current_time,
    glucose,
    glucose_monitor,
    health_thermometer,
    heart_rate,
    mi_scale,
    nonin_oximetry,
    pulse_oximeter,
    record_access,
    weight_scale,
)


@dataclass(frozen=True, slots=True)
class BleFamily:
    """Characteristics that belong together: the name of their file and page, how sure we are."""

    name: str
    characteristics: tuple[BleCharacteristic, ...]
    evidence: Evidence


BLE_FAMILIES: tuple[BleFamily, ...] = (
    BleFamily("blood_pressure", blood_pressure.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("pulse_oximeter", pulse_oximeter.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("health_thermometer", health_thermometer.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("weight_scale", weight_scale.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("body_composition", body_composition.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("heart_rate", heart_rate.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("glucose", glucose.CHARACTERISTICS, Evidence.STANDARD_ALONE),
    BleFamily("record_access", record_access.CHARACTERISTICS, Evidence.STANDARD_ALONE),
    BleFamily("glucose_monitor", glucose_monitor.CHARACTERISTICS, Evidence.STANDARD_ALONE),
    BleFamily("mi_scale", mi_scale.CHARACTERISTICS, Evidence.COMMUNITY),
    BleFamily("nonin_oximetry", nonin_oximetry.CHARACTERISTICS, Evidence.AGREED),
    BleFamily("battery", battery.CHARACTERISTICS, Evidence.STANDARD),
    BleFamily("current_time", current_time.CHARACTERISTICS, Evidence.STANDARD_ALONE),
)
