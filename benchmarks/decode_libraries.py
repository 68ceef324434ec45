"""One adapter a library, each importing only its own; runs in the product's venv or the peers'.

`call` returns what is timed: from bytes to whatever the library gives, with nothing of ours in
between. `numbers`, `samples` and `records` turn that into what the vectors say, for judging only. A
library raises what it likes; whoever judges calls that "refused".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from decode_cases import ANALYSER, BLE_CASES, CLINICAL, STREAM, analyser_frame, stream

Numbers = dict[str, object]
Call = Callable[[], object]


class Healthpost:
    """Ours: Decimal values, dates, units, quality flags."""

    claims = (*CLINICAL, STREAM, ANALYSER)

    def __init__(self) -> None:
        from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS

        self._ble = BLE_CHARACTERISTICS
        self._serial = SERIAL_PROTOCOLS

    def decode(self, char: str, data: bytes) -> object:
        return self._ble[char].decode(data)

    def numbers(self, char: str, told: Any) -> Numbers:
        return {name: told[name] for name in CLINICAL[char] if name in told}

    def call(self, case: str) -> Call:
        if case == STREAM:
            reads, make = stream(), self._serial[STREAM].decoder
            return lambda: _fed(make().feed, reads)
        if case == ANALYSER:
            frame, make = b"\x05" + analyser_frame() + b"\x04", self._serial[ANALYSER].decoder
            return lambda: make().feed(frame)
        decode, data = self._ble[case].decode, bytes.fromhex(BLE_CASES[case])
        return lambda: decode(data)

    def samples(self, chunks: Iterable[bytes]) -> list[tuple[object, object]]:
        decoder = self._serial[STREAM].decoder()
        events = [event for chunk in chunks for event in decoder.feed(chunk)]
        return [(e.fields["spo2"], e.fields["pulse"]) for e in events if e.name == "reading"]

    def records(self, chunks: Iterable[bytes]) -> list[str]:
        decoder = self._serial[ANALYSER].decoder()
        events = [event for chunk in chunks for event in decoder.feed(chunk)]
        return [str(e.fields["text"]) for e in events if e.name == "record"]


class BareStruct:
    """A yardstick: what struct and floats alone cost, without checks, dates or flags by name."""

    claims = ("2A35",)
    _head = struct.Struct("<BHHH")
    _time = struct.Struct("<HBBBBB")
    _word = struct.Struct("<H")

    def decode(self, char: str, data: bytes) -> dict[str, object]:
        flags, systolic, diastolic, mean = self._head.unpack_from(data)
        told: dict[str, object] = {
            "unit": "kPa" if flags & 1 else "mmHg",
            "systolic": _sfloat(systolic),
            "diastolic": _sfloat(diastolic),
            "map": _sfloat(mean),
        }
        at = 7
        if flags & 2:
            told["time"] = self._time.unpack_from(data, at)
            at += 7
        if flags & 4:
            told["pulse"] = _sfloat(self._word.unpack_from(data, at)[0])
            at += 2
        if flags & 8:
            told["user"] = data[at]
            at += 1
        if flags & 16:
            told["status"] = self._word.unpack_from(data, at)[0]
        return told

    def numbers(self, char: str, told: Any) -> Numbers:
        return {name: told[name] for name in CLINICAL[char] if name in told}

    def call(self, case: str) -> Call:
        data = bytes.fromhex(BLE_CASES[case])
        return lambda: self.decode(case, data)


class BluetoothSig:
    """bluetooth-sig: its characteristic classes, several times faster than its translator."""

    claims = tuple(CLINICAL)
    _names: Mapping[str, Mapping[str, str]] = {
        "2A35": {
            "systolic": "systolic",
            "diastolic": "diastolic",
            "map": "mean_arterial_pressure",
            "pulse": "optional_fields.pulse_rate",
        },
        "2A1C": {"temperature": "temperature"},
        "2A37": {"bpm": "heart_rate"},
        "2A5E": {"spo2": "spo2", "pulse": "pulse_rate"},
        "2A5F": {"spo2": "spo2", "pulse": "pulse_rate"},
        "2A9D": {"weight": "weight"},
        "2A9C": {"body_fat_pct": "body_fat_percentage", "weight": "weight"},
        "2A18": {"glucose": "glucose_concentration"},
        "2A19": {},
    }

    def __init__(self) -> None:
        from bluetooth_sig.gatt.characteristics.registry import CharacteristicRegistry

        classes = {
            char: CharacteristicRegistry.get_characteristic_class_by_uuid(char) for char in CLINICAL
        }
        self._ble = {char: found() for char, found in classes.items()}

    def decode(self, char: str, data: bytes) -> object:
        return self._ble[char].parse_value(bytearray(data))

    def numbers(self, char: str, told: Any) -> Numbers:
        if char == "2A19":
            return {"percent": told}
        return {name: _path(told, path) for name, path in self._names[char].items()}

    def call(self, case: str) -> Call:
        parse, data = self._ble[case].parse_value, bytearray.fromhex(BLE_CASES[case])
        return lambda: parse(data)


class LabmcpBleHealth:
    """labmcp-ble-health: the parsers of its driver, without its server."""

    claims = ("2A35", "2A1C", "2A37", "2A5E", "2A5F", "2A9D", "2A19")
    _names: Mapping[str, Mapping[str, str]] = {
        "2A35": {
            "systolic": "systolic.value",
            "diastolic": "diastolic.value",
            "map": "mean_arterial.value",
            "pulse": "pulse_rate_bpm.value",
        },
        "2A1C": {"temperature": "value.value"},
        "2A37": {"bpm": "bpm"},
        "2A5E": {"spo2": "spo2_pct.value", "pulse": "pulse_rate_bpm.value"},
        "2A5F": {"spo2": "spo2_pct.value", "pulse": "pulse_rate_bpm.value"},
        "2A9D": {"weight": "weight"},
    }

    def __init__(self) -> None:
        from labmcp_ble_health import driver

        self._ble: dict[str, Callable[[bytes], object]] = {
            "2A35": driver.parse_blood_pressure_measurement,
            "2A1C": driver.parse_temperature_measurement,
            "2A37": driver.parse_heart_rate_measurement,
            "2A5E": driver.parse_plx_spot_check,
            "2A5F": driver.parse_plx_continuous,
            "2A9D": driver.parse_weight_measurement,
            "2A19": driver.parse_battery_level,
        }

    def decode(self, char: str, data: bytes) -> object:
        return self._ble[char](data)

    def numbers(self, char: str, told: Any) -> Numbers:
        if char == "2A19":
            return {"percent": told}
        return {name: _path(told, path) for name, path in self._names[char].items()}

    def call(self, case: str) -> Call:
        parse, data = self._ble[case], bytes.fromhex(BLE_CASES[case])
        return lambda: parse(data)


class BleakSigspec:
    """bleak-sigspec: reads the SIG's XML descriptions."""

    claims = tuple(CLINICAL)
    _titles: Mapping[str, str] = {
        "2A35": "Blood Pressure Measurement",
        "2A1C": "Temperature Measurement",
        "2A37": "Heart Rate Measurement",
        "2A5E": "PLX Spot-Check Measurement",
        "2A5F": "PLX Continuous Measurement",
        "2A9D": "Weight Measurement",
        "2A9C": "Body Composition Measurement",
        "2A18": "Glucose Measurement",
        "2A19": "Battery Level",
    }
    _labels: Mapping[str, str] = {
        "systolic": r"Systolic",
        "diastolic": r"Diastolic",
        "map": r"Mean Arterial",
        "pulse": r"Pulse Rate|(Normal|Spot-Check) - PR",
        "temperature": r"Temperature Measurement Value",
        "bpm": r"Heart Rate Measurement Value",
        "spo2": r"(Normal|Spot-Check) - SpO2",
        "weight": r"^Weight",
        "body_fat_pct": r"Body Fat",
        "glucose": r"Glucose Concentration",
        "percent": r"Level",
    }

    def __init__(self) -> None:
        from bleak_sigspec import utils

        self._value = utils.get_char_value
        # Parsed once, as a careful user would: the XML is not part of a decode.
        self._chars = {char: utils.get_xml_char(title) for char, title in self._titles.items()}

    def decode(self, char: str, data: bytes) -> object:
        return self._value(data, self._chars[char])

    def numbers(self, char: str, told: Any) -> Numbers:
        found: Numbers = {}
        for name in CLINICAL[char]:
            for label, field in told.items():
                if re.search(self._labels[name], label) and isinstance(field, dict):
                    found[name] = field.get("Value")
        if char == "2A18" and isinstance(found.get("glucose"), float):
            found["glucose"] = float(str(found["glucose"])) * 1e5  # it says kg/L, and means it
        return found

    def call(self, case: str) -> Call:
        value, char, data = self._value, self._chars[case], bytes.fromhex(BLE_CASES[case])
        return lambda: value(data, char)


class BerryOximeter:
    """berry-oximeter: its parser of the 5-byte stream."""

    claims = (STREAM,)

    def __init__(self) -> None:
        from berry_oximeter.parser import BCIProtocolParser

        self._parser = BCIProtocolParser

    def call(self, case: str) -> Call:
        reads, make = stream(), self._parser
        return lambda: _fed(make().add_data, reads)

    def samples(self, chunks: Iterable[bytes]) -> list[tuple[object, object]]:
        parser = self._parser()
        return [(r.spo2, r.pulse_rate) for chunk in chunks for r in parser.add_data(chunk)]


class Astm2025:
    """astm-2025: its codec, frame by frame; sequence numbers are its server's business."""

    claims = (ANALYSER,)

    def __init__(self) -> None:
        from astm import codec

        self._codec = codec

    def call(self, case: str) -> Call:
        decode, frame = self._codec.decode, analyser_frame()
        return lambda: decode(frame)

    def records(self, chunks: Iterable[bytes]) -> list[str]:
        frames = re.findall(rb"\x02[^\x02]*?[\x03\x17]..\r\n", b"".join(chunks), re.DOTALL)
        if any(self._codec.is_chunked_message(frame) for frame in frames):
            frames = [self._codec.join(frames)]
        return [_flat(record) for frame in frames for record in self._codec.decode(frame)]


LIBRARIES: dict[str, type[Any]] = {
    "healthpost": Healthpost,
    "bare struct": BareStruct,
    "bluetooth-sig": BluetoothSig,
    "labmcp-ble-health": LabmcpBleHealth,
    "bleak-sigspec": BleakSigspec,
    "berry-oximeter": BerryOximeter,
    "astm-2025": Astm2025,
}


def _fed(feed: Callable[[bytes], object], reads: Iterable[bytes]) -> None:
    for read in reads:
        feed(read)


def _path(told: object, path: str) -> object:
    for name in path.split("."):
        told = getattr(told, name, None)
    return told


def _sfloat(raw: int) -> float | None:
    if raw in (0x07FF, 0x0800, 0x07FE, 0x0801, 0x0802):
        return None
    mantissa, exponent = raw & 0xFFF, raw >> 12
    mantissa -= 0x1000 if mantissa >= 0x800 else 0
    exponent -= 16 if exponent >= 8 else 0
    return mantissa * 10.0**exponent if exponent else float(mantissa)


def _flat(record: object) -> str:
    def text(field: object) -> str:
        if isinstance(field, list):
            return "^".join(text(part) for part in field)
        return "" if field is None else str(field)

    return "|".join(text(field) for field in record) if isinstance(record, list) else str(record)
