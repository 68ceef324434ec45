"""The simulated Bluetooth devices, one row each; names as the real ones advertise them.

`BLE_MODELS` make the default ward, `MORE_BLE_MODELS` join on request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from devices.simulators import encodings, encodings_circulation, encodings_glucose
from devices.simulators.bodies import Body
from devices.simulators.body_scale import BodyScale
from devices.simulators.faults import Fault
from devices.simulators.gatt import Identity
from devices.simulators.glucose_meter import GlucoseMeter
from devices.simulators.inflating_cuff import InflatingCuff, RunningCuff
from devices.simulators.mi_scale import MiScale
from devices.simulators.peripherals import (
    COMMON_FAULTS,
    CURRENT_TIME,
    DATE_TIME,
    BleModel,
    Memory,
)
from devices.simulators.settling_oximeter import SettlingOximeter

_WITH_CLOCK = COMMON_FAULTS | {Fault.WRONG_CLOCK}
_MI_FAULTS = frozenset({Fault.TRUNCATED, Fault.WRONG_CLOCK, Fault.NAN, Fault.MUTE, Fault.OBJECT})


def _pressure(body: Body | None, when: datetime) -> bytes:
    return encodings.blood_pressure(body.measure_pressure() if body else None, when)


def _spot(body: Body | None, when: datetime) -> bytes:
    return encodings.plx_spot(body.measure_saturation() if body else None, when)


def _continuous(body: Body | None, when: datetime) -> bytes:
    del when  # a PLX stream carries no time
    return encodings.plx_continuous(body.measure_saturation() if body else None)


def _nonin(body: Body | None, when: datetime) -> bytes:
    return encodings.nonin_frame(body.measure_saturation() if body else None, when.second)


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


def _enhanced(body: Body | None, when: datetime) -> bytes:
    pressure = body.measure_pressure() if body else None
    return encodings_circulation.enhanced_blood_pressure(pressure, when)


def _pulse(body: Body | None, when: datetime) -> bytes:
    del when  # a strap has no clock
    return encodings_circulation.heart_rate(body.measure_saturation().pulse if body else None)


def _sensor(body: Body | None, when: datetime) -> bytes:
    minutes = when.hour * 60 + when.minute
    mg_dl = body.measure_glucose() if body else None
    return encodings_glucose.sensor_sample(mg_dl, minutes, checked=True)


def _nothing(body: Body | None, when: datetime) -> bytes:
    del body, when  # the device's own class encodes what it measured
    return b""


def _cuff(slug: str, identity: Identity, memory: Memory, passkey: int = 0) -> BleModel:
    return BleModel(
        slug=slug,
        identity=identity,
        service=0x1810,
        measurement=0x2A35,
        encode=_pressure,
        features={0x2A49: bytes.fromhex("2500")},
        clock=None if passkey else CURRENT_TIME,
        pair_first=True,
        faults=_WITH_CLOCK,
        memory=memory,
        passkey=passkey,
    )


def _meter(slug: str, identity: Identity, passkey: int = 0) -> BleModel:
    return BleModel(
        slug=slug,
        identity=identity,
        service=0x1808,
        measurement=0x2A18,
        encode=_nothing,
        features={0x2A51: bytes.fromhex("ff03")},
        clock=CURRENT_TIME,
        pair_first=True,
        faults=_WITH_CLOCK | {Fault.CONTROL, Fault.BUSY},
        behaves=GlucoseMeter,
        passkey=passkey,
    )


def _mi_scale(slug: str, name: str, address: str, service: int) -> BleModel:
    return BleModel(
        slug=slug,
        identity=Identity(name, address, "Xiaomi", name, "1"),
        service=service,
        measurement=0x2A9D,
        encode=_nothing,
        faults=_MI_FAULTS,
        behaves=MiScale,
    )


POLAR_H10 = BleModel(
    slug="polar-h10",
    identity=Identity(
        "Polar H10 10000001", "C2:A0:9E:00:00:01", "Polar Electro Oy", "H10", "10000001"
    ),
    service=0x180D,
    measurement=0x2A37,
    encode=_pulse,
    streaming=True,
    faults=COMMON_FAULTS | {Fault.FINGER_OUT},
)

BF720 = BleModel(
    slug="bf720",
    identity=Identity("BF720", "C2:BF:72:00:00:01", "Beurer GmbH", "BF720", "720001"),
    service=0x181B,
    measurement=0x2A9C,
    encode=_nothing,
    features={0x2A9B: bytes.fromhex("7f000000")},
    clock=CURRENT_TIME,
    pair_first=True,
    faults=_WITH_CLOCK,
    behaves=BodyScale,
    also_advertises=(0x181D, 0x181C),
)

CONTOUR = _meter(
    "contour",
    Identity("Contour7830H6000001", "C2:A5:CE:00:00:01", "Ascensia", "Contour7830", "6000001"),
)
ACCU_CHEK = _meter(
    "accu-chek",
    Identity("meter+92900001", "C2:AC:C0:00:00:01", "Roche", "Accu-Chek 929", "92900001"),
    passkey=214365,
)

BLESMART = _cuff(
    "blesmart",
    Identity(
        "BLEsmart_0000015400001", "C2:00:5F:BF:00:01", "OMRON HEALTHCARE", "BLEsmart", "15400001"
    ),
    Memory.LATEST,
)
SBM69 = _cuff(
    "sbm69",
    Identity("SBM69", "C2:5B:69:00:00:01", "Silvercrest", "SBM69", "690001"),
    Memory.ERASES,
    passkey=135790,
)
CUFF_THAT_REPEATS = _cuff(
    "bp-repeats",
    Identity("BP-REPEATS", "C2:B9:A1:00:00:01", "Healthpost", "BP-R", "1001"),
    Memory.REPEATS,
)

CUFF_THAT_SHOWS = BleModel(
    slug="bp-shows",
    identity=Identity("BP-SHOWS", "C2:B9:5B:00:00:01", "Healthpost", "BP-S", "2001"),
    service=0x1810,
    measurement=0x2A35,
    encode=_pressure,
    clock=CURRENT_TIME,
    faults=_WITH_CLOCK,
    behaves=InflatingCuff,
)

CUFF_ENHANCED = BleModel(
    slug="bp-enhanced",
    identity=Identity("BP-ENHANCED", "C2:B9:E1:00:00:01", "Healthpost", "BP-E", "3001"),
    service=0x1810,
    measurement=0x2B34,
    encode=_enhanced,
    clock=CURRENT_TIME,
    faults=_WITH_CLOCK,
)

KETONE_METER = replace(
    _meter(
        "ketone-meter",
        Identity("FORA 6 CONNECT", "C2:F0:6C:00:00:01", "TaiDoc", "TD4183", "4183001"),
    ),
    faults=_WITH_CLOCK | {Fault.CONTROL, Fault.BUSY, Fault.KETONE},
)

QARDIO = BleModel(
    slug="qardio",
    identity=Identity("QardioARM", "C2:0A:4D:00:00:01", "Qardio", "A100", "5001"),
    service=0x1810,
    measurement=0x2A35,
    encode=_pressure,
    faults=COMMON_FAULTS,
    behaves=RunningCuff,
)

NONIN_OWN = BleModel(
    slug="nonin-3230-own",
    identity=Identity(
        "Nonin3230_501111111", "C2:1C:05:01:11:11", "Nonin Medical, Inc.", "3230", "501111111"
    ),
    service="46A970E0-0D5F-11E2-8B5E-0002A5D5C51B",
    measurement="0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B",
    encode=_nonin,
    clock=CURRENT_TIME,
    streaming=True,
    pair_first=True,
    faults=COMMON_FAULTS | {Fault.FINGER_OUT},
)

SETTLING_OXIMETER = BleModel(
    slug="plx-settles",
    identity=Identity("SPO2-SETTLES", "C2:50:4C:58:00:02", "Healthpost", "PLX-S", "02"),
    service=0x1822,
    measurement=0x2A5E,
    encode=_spot,
    faults=COMMON_FAULTS,
    behaves=SettlingOximeter,
)

MI_SCALE = _mi_scale("mi-scale", "MI_SCALE", "C8:0F:10:00:00:01", 0x181D)
MI_BODY_SCALE = _mi_scale("mi-body-scale", "MIBFS", "C8:47:8C:00:00:01", 0x181B)

CGM = BleModel(
    slug="cgm",
    identity=Identity("CGM-01", "C2:C6:30:00:00:01", "Healthpost", "CGM", "4001"),
    service=0x181F,
    measurement=0x2AA7,
    encode=_sensor,
    streaming=True,
    faults=COMMON_FAULTS | {Fault.FLIPPED_BIT},
)

MORE_BLE_MODELS = (
    POLAR_H10,
    BF720,
    CONTOUR,
    ACCU_CHEK,
    BLESMART,
    SBM69,
    CUFF_THAT_REPEATS,
    CUFF_THAT_SHOWS,
    CUFF_ENHANCED,
    KETONE_METER,
    QARDIO,
    NONIN_OWN,
    SETTLING_OXIMETER,
    MI_SCALE,
    MI_BODY_SCALE,
    CGM,
)
