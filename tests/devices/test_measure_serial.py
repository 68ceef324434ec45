"""What serial events mean for a patient, and what never becomes a reading."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import laboratory
import pytest

from devices.capture.decode import decode_serial
from devices.catalogue import SERIAL_PROTOCOLS
from devices.driver import Event
from devices.protocols import (
    berry_pm6750,
    cms50_v7,
    medlab_nibp2020,
    nonin,
    onetouch_ultra2,
    onetouch_ultraeasy,
    sd_codefree,
    suntech_nibp,
    taidoc_51,
)
from devices.protocols.laboratory import Test as LabTest
from edge.model.reading import Code, Kind, Measurement

VECTORS: dict[str, dict[str, Any]] = {
    vector["id"]: vector
    for vector in json.loads(
        (Path(__file__).parent.parent / "vectors" / "serial.json").read_text("utf-8")
    )["vectors"]
}


def readings(name: str, wire: bytes) -> list[Measurement]:
    protocol = SERIAL_PROTOCOLS[name]
    found = [protocol.measured(event) for event in protocol.decoder().feed(wire)]
    return [measured for measured in found if measured is not None]


def of_vector(identity: str) -> list[Measurement]:
    vector = VECTORS[identity]
    return readings(vector["protocol"], bytes.fromhex("".join(vector["chunks"])))


def numbers(measured: Measurement) -> dict[str, str]:
    return {
        value.code: f"{value.comparator}{value.value} {value.unit}" for value in measured.values
    }


PRESSURE = (Code.SYSTOLIC, Code.DIASTOLIC, Code.MEAN_PRESSURE, Code.PULSE)
OXIMETRY = (Code.SPO2, Code.PULSE, Code.PERFUSION_INDEX)


@pytest.mark.parametrize(
    ("identity", "codes", "values"),
    [
        ("ad_tm2655-02", PRESSURE, ["127", "76", "97", "78"]),
        ("omron_hbp-01", (Code.SYSTOLIC, Code.DIASTOLIC, Code.PULSE), ["120", "80", "72"]),
        ("omron_hbp-11", PRESSURE, ["140", "77", "98", "68"]),
        ("terumo_bp500-01", PRESSURE, ["128", "82", "97", "84"]),
        ("suntech_nibp-13", PRESSURE, ["115", "74", "88", "85"]),
        ("medlab_nibp2020-05", PRESSURE, ["125", "80", "90", "75"]),
        ("ad_ua767pc-02", (Code.SYSTOLIC, Code.DIASTOLIC, Code.PULSE), ["152", "76", "73"]),
        ("cms50_v7-01", OXIMETRY[:2], ["99", "61"]),
        ("masimo_ascii1-01", OXIMETRY, ["98", "97", "3.60"]),
        ("nonin_df2-01", OXIMETRY[:2], ["97", "72"]),
        ("nonin_df8-01", OXIMETRY[:2], ["97", "72"]),
        ("nonin_df13-01", OXIMETRY[:2], ["97", "72"]),
        ("nellcor_n595-01", OXIMETRY[:2], ["98", "72"]),
        ("berry_pm6750-02", OXIMETRY[:2], ["98", "72"]),
        ("tanita_csv-01", (Code.WEIGHT, Code.BODY_FAT), ["82.7", "18.6"]),
        ("tanita_csv-03", (Code.WEIGHT,), ["58.4"]),
        ("ad_scale-01", (Code.WEIGHT,), ["1.2345"]),
        ("gtech_gl310-01", (Code.WEIGHT, Code.HEIGHT), ["90.05", "188.6"]),
        ("healthometer-01", (Code.WEIGHT, Code.HEIGHT), ["65.4", "170.2"]),
        ("onetouch_ultraeasy-05", (Code.GLUCOSE_MG_DL,), ["112"]),
    ],
)
def test_values(identity: str, codes: tuple[str, ...], values: list[str]) -> None:
    measured = of_vector(identity)[-1]
    assert [value.code for value in measured.values] == list(codes)
    assert [str(value.value) for value in measured.values] == values


@pytest.mark.parametrize(
    "identity",
    [
        "ad_scale-04",
        "ad_tm2655-09",
        "berry_pm6750-05",
        "cms50_v7-04",
        "cms50_v7-10",
        "masimo_ascii1-02",
        "masimo_ascii1-04",
        "medlab_nibp2020-04",
        "medlab_nibp2020-09",
        "nonin_df2-05",
        "nonin_df13-03",
        "omron_hbp-05",
        "omron_hbp-08",
        "onetouch_ultra2-03",
        "onetouch_ultra2-01",
        "taidoc_51-07",
        "freestyle_optium-02",
    ],
)
def test_no_reading(identity: str) -> None:
    assert of_vector(identity) == []


def test_doubts_travel_with_the_value() -> None:
    assert of_vector("masimo_ascii1-03")[0].quality == ("sensor_interference", "poor_signal")
    assert of_vector("omron_hbp-03")[0].quality == ("body_movement", "unchecked")
    kiosk = VECTORS["ad_tm2655-02"]
    frame = bytearray.fromhex("".join(kiosk["chunks"]))
    frame[frame.index(b"\x1ei 0") + 3] = ord("2")
    frame[-1] ^= ord("0") ^ ord("2")
    assert readings("ad_tm2655", bytes(frame))[0].quality == ("irregular_pulse",)


def test_an_error_frame_with_the_numbers_of_the_patient_before_is_no_reading() -> None:
    text = b"S1;A0;C03;M11;P125080090;R075;T0005;;"
    frame = b"\x02" + text + f"{sum(text) & 0xFF:02X}".encode() + b"\x03\r"
    assert readings("medlab_nibp2020", frame) == []
    failed = b"\x02" + (text := b"S2;A0;C03;M00;P125080090;R075;T0005;;")
    frame = failed + f"{sum(text) & 0xFF:02X}".encode() + b"\x03\r"
    assert readings("medlab_nibp2020", frame) == []


def test_impossible_kiosk_values_are_refused() -> None:
    def kinds(line: str) -> list[object]:
        found = SERIAL_PROTOCOLS["omron_hbp"].decoder().feed(line.encode() + b"\r\n")
        return [event.fields.get("kind") for event in found]

    name = "12345678901234567890"
    assert kinds(f"2026,07,11,09,05,{name},0,300,080,072,0") == ["out_of_range"]
    assert kinds(f"2026,07,11,09,05,{name},0,080,120,072,0") == ["out_of_range"]
    assert kinds(f"2026,13,11,09,05,{name},0,120,080,072,0") == ["invalid_timestamp"]
    assert kinds(f"2026,07,11,09,05,{name},3,   ,   ,   ,0") == ["device_error"]
    assert kinds(f"2026,07,11,09,05,{name},0,   ,   ,   ,0") == ["malformed"]
    assert kinds("MMBP203N") == ["malformed"]


def test_a_scale_counts_only_when_it_stands_still() -> None:
    assert readings("ad_scale", b"US,+0065.40 kg\r\n") == []
    (weight,) = readings("ad_scale", b"ST,GS,+  065.40kg\r\n")
    assert numbers(weight) == {Code.WEIGHT: "65.40 kg"}
    assert readings("ad_scale", b"QT,+0000012 PC\r\n") == []
    assert readings("ad_scale", b"QT,+0065.40 kg\r\n") == []


def test_a_scale_without_checksum_is_refused_unless_it_never_has_one() -> None:
    assert readings("tanita_csv", b'{0,16,~0,1,MO,"SC-240",Wk,82.7\r\n') == []
    (weight,) = readings("tanita_csv", b'{0,16,~0,1,MO,"BD-815",Wg,3972\r\n')
    assert numbers(weight) == {Code.WEIGHT: "3.972 kg"}
    assert weight.quality == ("unchecked",)
    assert readings("tanita_csv", b'{0,16,~0,1,MO,"BD-816",Wg,3972\r\n') == []


@pytest.mark.parametrize("line", [b"Rg,3868\r\n", b"Gg,104,Rg,3868\r\n", b"Gg,-20,Rg,3868\r\n"])
def test_a_weight_that_a_baby_scale_remembers_is_not_measured_now(line: bytes) -> None:
    (event,) = SERIAL_PROTOCOLS["tanita_csv"].decoder().feed(line)
    assert event.name == "status"
    assert SERIAL_PROTOCOLS["tanita_csv"].measured(event) is None


def ultra2(text: str) -> bytes:
    return f"{text} {sum(text.encode()):04X}\r\n".encode()


def test_ultra2_memory() -> None:
    row = 'P "MON","11/23/26","08:15:00   ","  112 ","A","00", 00'
    (reading,) = readings("onetouch_ultra2", ultra2(row))
    assert numbers(reading) == {Code.GLUCOSE_MG_DL: "112 mg/dL"}
    assert reading.quality == ("after_meal",)
    assert reading.stored
    assert reading.device_time == datetime.fromisoformat("2026-11-23T08:15:00")
    assert readings("onetouch_ultra2", ultra2(row.replace("  112 ", "C 112 "))) == []
    header = ultra2('P 002,"ABCDE123Y","MG/DL "')
    assert readings("onetouch_ultra2", header) == []


def test_high_and_low_of_a_freestyle_stay_comparators() -> None:
    dump = (
        "\r\nXCMT123-P4567\r\n3.2\r\nNov  22 2026 08:20:00\r\n005\r\n"
        "172  Nov  22 2026 08:15 G 0x00\r\nHI   June 21 2026 07:00 G 0x00\r\n"
        "LO   July 01 2026 07:00 G 0x00\r\n008  May  21 2026 07:00 K 0x00\r\n"
        "HI   June 21 2026 07:00 K 0x00\r\n"
    )
    wire = f"{dump}0x{sum(dump.encode()):04X}  END\r\n".encode()
    assert [numbers(reading) for reading in readings("freestyle_optium", wire)] == [
        {Code.GLUCOSE_MG_DL: "172 mg/dL"},
        {Code.GLUCOSE_MG_DL: ">400 mg/dL"},
        {Code.GLUCOSE_MG_DL: "<50 mg/dL"},
        {Code.KETONE: "0.4 mmol/L"},
        {Code.KETONE: ">8.0 mmol/L"},
    ]


def test_codefree_record() -> None:
    message = bytes.fromhex("0000" + "1a0b16080f" + "0078" + "20" + "00" * 7)
    xor = 0
    for byte in message:
        xor ^= byte
    wire = bytes((0x53, 0x20, len(message) + 2)) + message + bytes((xor, 0xAA))
    (reading,) = readings("sd_codefree", wire)
    assert numbers(reading) == {Code.GLUCOSE_MG_DL: "120 mg/dL"}
    assert reading.quality == ("after_meal",)
    assert sd_codefree.answer_challenge().hex() == "53100410405" + "0aa"
    assert sd_codefree.fetch().hex() == "531004106070aa"


def test_taidoc_records_mean_what_their_model_measures() -> None:
    assert taidoc_51.kind_of(taidoc_51.model(bytes.fromhex("28310000"))) is Kind.BLOOD_PRESSURE
    assert taidoc_51.kind_of(taidoc_51.model(bytes.fromhex("79420000"))) is Kind.GLUCOSE
    assert taidoc_51.kind_of(taidoc_51.model(bytes.fromhex("ffff0000"))) is None
    time = taidoc_51.record_time(bytes((0b01110110, 0b00110101, 30, 8 | 0x80)))
    assert time == datetime.fromisoformat("2026-11-22T08:30:00")
    assert taidoc_51.record_time(b"\0\0\0\0") is None

    def record(kind: Kind, payload: str) -> dict[str, str] | None:
        measured = taidoc_51.record(kind, time, bytes.fromhex(payload))
        return numbers(measured) if measured else None

    assert record(Kind.GLUCOSE, "68001a40") == {Code.GLUCOSE_MG_DL: "104 mg/dL"}
    assert taidoc_51.is_control(Kind.GLUCOSE, bytes.fromhex("68001ac0"))
    assert not taidoc_51.is_control(Kind.GLUCOSE, bytes.fromhex("68001a40"))
    assert not taidoc_51.is_control(Kind.BLOOD_PRESSURE, bytes.fromhex("780050c8"))
    assert record(Kind.GLUCOSE, "7b00002c") == {Code.HAEMOGLOBIN: "12.3 g/dL"}
    assert record(Kind.GLUCOSE, "0c00001c") == {Code.KETONE: "0.4 mmol/L"}
    assert record(Kind.GLUCOSE, "0000001c") == {Code.KETONE: "0.0 mmol/L"}
    assert taidoc_51.is_control(Kind.GLUCOSE, bytes.fromhex("0c0000dc"))
    assert record(Kind.TEMPERATURE, "6d010000") == {Code.TEMPERATURE: "36.5 Cel"}
    assert record(Kind.TEMPERATURE, "420e0000") == {Code.TEMPERATURE: "36.50 Cel"}
    assert record(Kind.BLOOD_PRESSURE, "78005048") == {
        Code.SYSTOLIC: "120 mm[Hg]",
        Code.DIASTOLIC: "80 mm[Hg]",
        Code.PULSE: "72 /min",
    }
    live = bytes((0x51, 0x49, 97, 0, 0, 72, 0xA5))
    (sample,) = readings("taidoc_51", live + bytes((sum(live) & 0xFF,)))
    assert numbers(sample) == {Code.SPO2: "97 %", Code.PULSE: "72 /min"}


def test_analysers_need_a_map_of_their_codes() -> None:
    tests = {"^^^HB": LabTest(Code.HAEMOGLOBIN, "g/dL")}
    row = "R|1|^^^HB|11.8|g/dL||L||F||||20261122081455"
    event = Event("record", {"text": row, "reply": "ACK"})
    assert SERIAL_PROTOCOLS["astm_e1381"].measured(event) is None
    (measured,) = laboratory.measured(laboratory.turns(laboratory.astm(row), tests))
    assert numbers(measured) == {Code.HAEMOGLOBIN: "11.8 g/dL"}
    assert measured.device_time == datetime.fromisoformat("2026-11-22T08:14:55")
    for wrong in ("R|1|^^^HB|11.8|||L||F", "R|1|^^^HB|11.8|g/dL||L||P", "R|1|^^^WBC|4.1|g/dL|||F"):
        assert laboratory.measured(laboratory.turns(laboratory.astm(wrong), tests)) == []
    over = laboratory.astm(row.replace("11.8", ">25.6"))
    (high,) = laboratory.measured(laboratory.turns(over, tests))
    assert numbers(high) == {Code.HAEMOGLOBIN: ">25.6 g/dL"}


def test_hl7_takes_only_final_results() -> None:
    text = (
        "MSH|^~\\&|MON|BED1|||20261122081500||ORU^R01|42|P|2.3\r"
        "OBX|1|NM|HB||11.8|g/dL||L|||F|||20261122081455\r"
        "OBX|2|NM|HB||10.0|g/dL||L|||P|||20261122081455\r"
    )
    wire = b"\x0b" + text.encode() + b"\x1c\r"
    (event,) = SERIAL_PROTOCOLS["hl7_mllp"].decoder().feed(wire)
    assert (event.fields["type"], event.fields["id"], event.fields["reply"]) == (
        "ORU^R01",
        "42",
        "AA",
    )
    found = laboratory.turns(wire, {"HB": LabTest(Code.HAEMOGLOBIN, "g/dL")})
    assert [numbers(each) for each in laboratory.measured(found)] == [
        {Code.HAEMOGLOBIN: "11.8 g/dL"}
    ]
    assert laboratory.refused(found) == ["not-final"]
    assert laboratory.answer(found)["MSA"] == ["MSA", "AA", "42"]


def test_a_board_says_which_events_are_no_samples() -> None:
    (spo2,) = SERIAL_PROTOCOLS["berry_pm6750"].decoder().feed(bytes.fromhex("55aa06040062484b"))
    assert not berry_pm6750.aside(spo2)
    assert berry_pm6750.aside(Event("ecg"))
    assert berry_pm6750.aside(Event("cuff", {"pressure": 150}))
    done = bytes((0x08, 0x03, 0x00, 0, 120, 90, 80))
    wire = b"\x55\xaa" + done + bytes((~sum(done) & 0xFF,))
    (pressure,) = readings("berry_pm6750", wire)
    assert numbers(pressure) == {
        Code.SYSTOLIC: "120 mm[Hg]",
        Code.DIASTOLIC: "80 mm[Hg]",
        Code.MEAN_PRESSURE: "90 mm[Hg]",
    }


@pytest.mark.parametrize(
    ("protocol", "wire", "code"),
    [
        ("suntech_nibp", suntech_nibp.start("adult"), "20"),
        ("suntech_nibp", suntech_nibp.abort(), "790100"),
        ("suntech_nibp", suntech_nibp.ask_cuff(), "790500"),
        ("suntech_nibp", suntech_nibp.ask_result(), "790300"),
        ("medlab_nibp2020", medlab_nibp2020.command(medlab_nibp2020.STATUS), "18"),
        ("berry_pm6750", berry_pm6750.start_pressure(), "0201"),
        ("berry_pm6750", berry_pm6750.stop_pressure(), "0200"),
        ("berry_pm6750", berry_pm6750.enable_oximeter(), "0301"),
        ("cms50_v7", cms50_v7.command(cms50_v7.LIVE_START), "a1"),
        ("onetouch_ultra2", onetouch_ultra2.command("DMP"), "DMP"),
    ],
)
def test_commands_explain_themselves(protocol: str, wire: bytes, code: str) -> None:
    explained = decode_serial(protocol, [wire.hex()], "host->device")
    assert explained["events"] == [{"event": "command", "code": code}]
    assert explained["pending_bytes"] == 0


def test_known_command_bytes() -> None:
    assert suntech_nibp.abort().hex() == "3a7901004c"
    assert medlab_nibp2020.command("01").hex() == "0230313b3b443703"
    assert cms50_v7.command(cms50_v7.LIVE_START).hex() == "7d81a1808080808080"
    assert onetouch_ultraeasy.reset_link().hex() == "02060803c262"
    assert onetouch_ultraeasy.acknowledge(0, 1).hex() == "02060603cd41"
    assert onetouch_ultraeasy.record_message(501).hex() == "051ff501"
    assert nonin.select(8).hex() == "0270040208007e03"
    assert taidoc_51.command(taidoc_51.CONNECT).hex() == "512200000000a316"


def test_nothing_that_erases_can_be_built() -> None:
    with pytest.raises(ValueError, match="52"):
        taidoc_51.command(0x52)
    with pytest.raises(ValueError, match="DMZ"):
        onetouch_ultra2.command("DMZ")
    with pytest.raises(ValueError, match="ae"):
        cms50_v7.command(0xAE)


def test_every_reading_has_decimals() -> None:
    for identity in VECTORS:
        for measured in of_vector(identity):
            assert all(isinstance(value.value, Decimal) for value in measured.values)
