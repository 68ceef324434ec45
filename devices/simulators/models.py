"""The Bluetooth devices that a ward has, one row each; names as the real ones advertise them."""

from __future__ import annotations

from datetime import datetime

from devices.simulators import encodings
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.gatt import Identity
from devices.simulators.peripherals import COMMON_FAULTS, CURRENT_TIME, DATE_TIME, BleModel

_WITH_CLOCK = COMMON_FAULTS | {Fault.WRONG_CLOCK}


def _pressure(body: Body | None, when: datetime) -> bytes:
    return encodings.blood_pressure(body.measure_pressure() if body else None, when)


def _spot(body: Body | None, when: datetime) -> bytes:
    return encodings.plx_spot(body.measure_saturation() if body else None, when)


def _continuous(body: Body | None, when: datetime) -> bytes:
    del when  # a PLX stream carries no time
    return encodings.plx_continuous(body.measure_saturation() if body else None)


def _temperature(body: Body | None, when: datetime) -> bytes:
    return encodings.temperature(body.measure_temperature() if body else None, when)


def _weight(body: Body | None, when: datetime) -> bytes:
    return encodings.weight(body.measure_weight() if body else None, when)


UA_651BLE = BleModel(
    slug="ua-651ble",
    identity=Identity(
        "A&D_UA-651BLE_1A2B3C", "C2:09:1F:1A:2B:3C", "A&D Medical", "UA-651BLE", "5150100001"
    ),
    service=0x1810,
    measurement=0x2A35,
    encode=_pressure,
    features={0x2A49: bytes.fromhex("2500")},
    clock=DATE_TIME,
    pair_first=True,
    faults=_WITH_CLOCK,
)

NONIN_3230 = BleModel(
    slug="nonin-3230",
    identity=Identity(
        "Nonin3230_501234567", "C2:1C:05:01:23:45", "Nonin Medical, Inc.", "3230", "501234567"
    ),
    service=0x1822,
    measurement=0x2A5E,
    encode=_spot,
    features={0x2A60: bytes.fromhex("4f008000000800")},
    clock=CURRENT_TIME,
    pair_first=True,
    faults=_WITH_CLOCK | {Fault.FINGER_OUT},
)

PLX_CONTINUOUS = BleModel(
    slug="plx-c",
    identity=Identity("PLX-CONT-01", "C2:50:4C:58:00:01", "Healthpost", "PLX-C", "01"),
    service=0x1822,
    measurement=0x2A5F,
    encode=_continuous,
    features={0x2A60: bytes.fromhex("43008000000800")},
    streaming=True,
    faults=COMMON_FAULTS | {Fault.FINGER_OUT},
)

UT_201BLE = BleModel(
    slug="ut-201ble",
    identity=Identity(
        "A&D_UT201BLE_AABBCC", "C2:09:1F:AA:BB:CC", "A&D Medical", "UT-201BLE", "5160200002"
    ),
    service=0x1809,
    measurement=0x2A1C,
    encode=_temperature,
    features={0x2A1D: bytes([encodings.TEMPERATURE_TYPE_ARMPIT])},
    clock=DATE_TIME,
    pair_first=True,
    faults=_WITH_CLOCK,
)

UC_352BLE = BleModel(
    slug="uc-352ble",
    identity=Identity(
        "A&D_UC-352BLE_DDEEFF", "C2:09:1F:DD:EE:FF", "A&D Medical", "UC-352BLE", "5170300003"
    ),
    service=0x181D,
    measurement=0x2A9D,
    encode=_weight,
    features={0x2A9E: bytes.fromhex("39000000")},
    clock=DATE_TIME,
    pair_first=True,
    faults=_WITH_CLOCK,
)

BLE_MODELS = (UA_651BLE, NONIN_3230, PLX_CONTINUOUS, UT_201BLE, UC_352BLE)
