"""What decoded fields mean for a patient: LOINC codes, UCUM units, and what is no reading."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.driver import DecodeError, Event
from devices.protocols import body_composition, record_access
from edge.model.reading import Code, Measurement


def ble(uuid: str, hex_text: str) -> Measurement | None:
    characteristic = BLE_CHARACTERISTICS[uuid]
    return characteristic.measured(characteristic.decode(bytes.fromhex(hex_text)))


def serial(name: str, data: bytes) -> list[Measurement | None]:
    protocol = SERIAL_PROTOCOLS[name]
    return [protocol.measured(event) for event in protocol.decoder().feed(data)]


def numbers(measured: Measurement | None) -> dict[str, tuple[str, str]]:
    assert measured is not None
    return {value.code: (str(value.value), value.unit) for value in measured.values}


def test_cuff() -> None:
    measured = ble("2A35", "1e7c0050005d00ea070b16081e004800010500")
    assert numbers(measured) == {
        Code.SYSTOLIC: ("124", "mm[Hg]"),
        Code.DIASTOLIC: ("80", "mm[Hg]"),
        Code.MEAN_PRESSURE: ("93", "mm[Hg]"),
        Code.PULSE: ("72", "/min"),
    }
    assert measured is not None
    assert measured.device_time == datetime.fromisoformat("2026-11-22T08:30:00")
    assert measured.quality == ("body_movement", "irregular_pulse")
    assert measured.user == 1


def test_cuff_in_kilopascal_is_stored_in_millimetres() -> None:
    assert numbers(ble("2A35", "01a0f06bf07cf0")) == {
        Code.SYSTOLIC: ("120.0", "mm[Hg]"),
        Code.DIASTOLIC: ("80.3", "mm[Hg]"),
        Code.MEAN_PRESSURE: ("93.0", "mm[Hg]"),
    }


def test_every_status_bit_of_a_cuff_has_a_name_in_wire_order() -> None:
    decode = BLE_CHARACTERISTICS["2A35"].decode
    assert decode(bytes.fromhex("10780050005d002f00"))["status"] == (
        "body_movement",
        "cuff_too_loose",
        "irregular_pulse",
        "pulse_above_range",
        "improper_position",
    )
    assert decode(bytes.fromhex("10780050005d001000"))["status"] == ("pulse_below_range",)
    assert decode(bytes.fromhex("10780050005d00d8ff"))["status"] == ()


def test_enhanced_cuff_counts_seconds_from_its_epoch() -> None:
    decode = BLE_CHARACTERISTICS["2B34"].decode
    day = (86_400).to_bytes(4, "little").hex()
    assert decode(bytes.fromhex("42780050005d00" + day))["time"] == datetime.fromisoformat(
        "2000-01-02T00:00:00"
    )
    assert decode(bytes.fromhex("02780050005d00" + day))["time"] == datetime.fromisoformat(
        "1900-01-02T00:00:00"
    )
    both = BLE_CHARACTERISTICS["2B34"].decode(bytes.fromhex("62780050005d00" + "00000000" + day))
    assert both["time"] is None
    assert both["user_facing_time"] == datetime.fromisoformat("2000-01-02T00:00:00")


@pytest.mark.parametrize(
    ("uuid", "hex_text"),
    [
        ("2A35", "16ff07ff07ff07e80706170e230aff070000"),  # a failed measurement of a real cuff
        ("2A35", "00fe0702080008"),
        ("2A36", "009600ff07ff07"),  # still inflating
        ("2A5F", "00ff07ff07"),  # finger out
        ("2A5E", "02610048000004"),  # demonstration
        ("2A5E", "02610048000008"),  # test
        ("2A5E", "02610048000010"),  # calibrating
        ("2A5E", "02610048000020"),  # unavailable
        ("2A5E", "02610048000080"),  # invalid
        ("2A5F", "086100480000" + "0800"),  # sensor unconnected in a stream
        ("2A1C", "00ffff7f00"),
        ("2A1E", "00d2030000"),
        ("2A9D", "00ffff"),
        ("2A19", "64"),
        ("2A2B", "ea070b16081e00070000"),
        ("2A37", "0448"),  # the strap lost contact
        ("2A37", "0000"),
        ("2A9C", "0000ffff"),
        ("2A18", "020600ea070b16081e0078b04a"),  # control solution
        ("2A18", "020600ea070b16081e0078b01a"),  # control solution by type alone
        ("2A18", "020600ea070b16081e0078b041"),  # control solution by location alone
        ("2A18", "0a0400ea070b16081e0078b0110200"),  # sensor malfunction
        ("2A18", "0a0400ea070b16081e0078b0111000"),  # wrong strip
        ("2A18", "020600ea070b16081e00ff0711"),  # NaN
        ("2A18", "010300ea070b16172d001e00"),  # a record without a value
        ("2A34", "02010002"),
        ("2A52", "06000106"),
        ("2AA7", "060078000500"),
        ("mi_181D", "02e45ce607020c001103"),  # not settled
        ("mi_181D", "a2e45ce607020c001103"),  # stepped off
    ],
)
def test_no_reading(uuid: str, hex_text: str) -> None:
    assert ble(uuid, hex_text) is None


def test_oximeter() -> None:
    measured = ble("2A5E", "0f61004800ea070b16081e0080022000000cf0")
    assert numbers(measured) == {
        Code.SPO2: ("97", "%"),
        Code.PULSE: ("72", "/min"),
        Code.PERFUSION_INDEX: ("1.2", "%"),
    }
    assert measured is not None
    assert measured.device_time == datetime.fromisoformat("2026-11-22T08:30:00")
    assert measured.quality == ("validated", "from_storage", "low_perfusion")
    assert measured.stored


def test_a_clock_that_was_never_set_gives_no_time() -> None:
    measured = ble("2A5E", "1161004800ea070b16081e00")
    assert measured is not None
    assert measured.device_time is None


def test_an_oximeter_without_pulse_still_gives_spo2() -> None:
    assert numbers(ble("2A5E", "006100ff07")) == {Code.SPO2: ("97", "%")}


def test_thermometer_in_fahrenheit_is_stored_in_celsius() -> None:
    assert numbers(ble("2A1C", "01d20300ff")) == {Code.TEMPERATURE: ("36.56", "Cel")}
    assert numbers(ble("2A1C", "006c0100ff")) == {Code.TEMPERATURE: ("36.4", "Cel")}


def test_scale() -> None:
    assert numbers(ble("2A9D", "00983a")) == {Code.WEIGHT: ("75.0", "kg")}
    assert numbers(ble("2A9D", "00993a")) == {Code.WEIGHT: ("75.005", "kg")}
    assert numbers(ble("2A9D", "01983a")) == {Code.WEIGHT: ("68.04", "kg")}
    height_of_the_user_slot = ble("2A9D", "08983af500d606")
    assert numbers(height_of_the_user_slot) == {Code.WEIGHT: ("75.0", "kg")}


def test_body_composition_in_two_packets() -> None:
    decode = BLE_CHARACTERISTICS["2A9C"].decode
    packets = ["0612f500ea070b16081e0001fc12", "0014f500983a"]
    whole = body_composition.merged(decode(bytes.fromhex(packet)) for packet in packets)
    measured = body_composition.measured(whole)
    assert numbers(measured) == {Code.WEIGHT: ("75.0", "kg"), Code.BODY_FAT: ("24.5", "%")}
    assert measured is not None
    assert measured.user == 1
    assert measured.device_time == datetime.fromisoformat("2026-11-22T08:30:00")


def test_heart_rate() -> None:
    assert numbers(ble("2A37", "1648f703")) == {Code.PULSE: ("72", "/min")}


def test_glucose_in_the_unit_that_the_meter_sent() -> None:
    measured = ble("2A18", "030100ea070b16081e00000078b011")
    assert numbers(measured) == {Code.GLUCOSE_MG_DL: ("120", "mg/dL")}
    assert measured is not None
    assert (measured.record, measured.stored) == ("1", True)
    assert numbers(ble("2A18", "060100ea070b16081e003dc011")) == {
        Code.GLUCOSE_MMOL_L: ("6.1", "mmol/L")
    }


@pytest.mark.parametrize(
    ("hex_text", "expected"),
    [
        ("020600ea070b16081e00fe0711", (">", "400", "mg/dL")),
        ("020600ea070b16081e00020811", ("<", "50", "mg/dL")),
        ("060600ea070b16081e00fe0711", (">", "22.2", "mmol/L")),
        ("0a0400ea070b16081e0058b2112000", (">", "600", "mg/dL")),
        ("0a0400ea070b16081e0014b0114000", ("<", "20", "mg/dL")),
    ],
)
def test_high_and_low_survive_as_comparators(hex_text: str, expected: tuple[str, str, str]) -> None:
    measured = ble("2A18", hex_text)
    assert measured is not None
    (value,) = measured.values
    assert (value.comparator, str(value.value), value.unit) == expected


def test_a_time_fault_takes_the_time_away() -> None:
    measured = ble("2A18", "0a0400ea070b16081e0078b0110008")
    assert measured is not None
    assert measured.device_time is None
    assert measured.quality == ("time_fault",)


def test_records_are_asked_for_and_never_erased() -> None:
    assert record_access.report_all().hex() == "0101"
    assert record_access.report_since(30).hex() == "0103011e00"
    assert record_access.count_all().hex() == "0401"
    assert record_access.abort().hex() == "0300"
    decode = record_access.decode
    assert decode(bytes.fromhex("05002800")) == {"op": "count", "count": 40}


def test_mi_scale() -> None:
    assert numbers(ble("mi_181D", "22983ae607020c001103")) == {Code.WEIGHT: ("75.0", "kg")}
    assert numbers(ble("mi_181D", "32983ae607020c001103")) == {Code.WEIGHT: ("75.0", "kg")}
    assert numbers(ble("mi_181D", "23e45ce607020c001103")) == {Code.WEIGHT: ("107.86", "kg")}
    assert numbers(ble("mi_181B", "0226b2070103131a15e601604a")) == {Code.WEIGHT: ("95.2", "kg")}


def test_kiosk_errors_and_acknowledgements_are_no_readings() -> None:
    measured = SERIAL_PROTOCOLS["ad_tm2655"].measured
    assert measured(Event("ack")) is None
    assert measured(Event("error", {"kind": "device_error", "code": "E04"})) is None


def test_oximeter_stream_without_a_finger() -> None:
    assert serial("cms50_5byte", bytes.fromhex("8735154862")) == [None]
    assert serial("cms50_5byte", bytes.fromhex("873505487f")) == [None]
    assert serial("cms50_5byte", bytes.fromhex("8735457f62")) == [None]
    (fast,) = serial("cms50_5byte", bytes.fromhex("c740460c61"))
    assert numbers(fast)[Code.PULSE] == ("140", "/min")


@given(st.integers(0, 7), st.integers(0, 7))
def test_one_wrong_bit_of_a_checked_sensor_record_never_changes_its_value(
    at: int, bit: int
) -> None:
    sent = bytes.fromhex("08000c100600596f")
    spoilt = bytes(byte ^ (1 << bit if n == at else 0) for n, byte in enumerate(sent))
    decode = BLE_CHARACTERISTICS["2AA7"].decode
    with suppress(DecodeError):
        (record,) = cast("tuple[dict[str, object]]", decode(spoilt)["records"])
        assert (record["mg_dl"], record["offset_min"]) == (120, 6)


@pytest.mark.parametrize(
    ("uuid", "hex_text"),
    [("mi_181D", "627607e607020e10293a"), ("mi_181B", "0624e607020e10293a0000ee02")],
)
def test_what_a_scale_calls_an_object_is_no_weight(uuid: str, hex_text: str) -> None:
    assert ble(uuid, hex_text) is None


@given(st.integers(1, 300), st.sampled_from(["0000", "ff07", "0008"]))
def test_a_pressure_without_a_diastolic_is_the_cuffs_own(mmhg: int, nothing: str) -> None:
    cuff = BLE_CHARACTERISTICS["2A35"]
    fields = cuff.decode(b"\x00" + mmhg.to_bytes(2, "little") + bytes.fromhex(nothing * 2))
    assert cuff.running is not None
    assert cuff.live is not None
    assert cuff.running(fields)
    assert cuff.measured(fields) is None
    shown = cuff.live(fields)
    assert shown is not None
    assert shown.values[0].value == mmhg
