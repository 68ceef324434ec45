"""The magnifying glass answers wrong questions with a kind and a sentence."""

from __future__ import annotations

import json
from datetime import datetime

import laboratory
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.capture.decode import DecodeInputError, decode_ble, decode_line, decode_serial
from devices.catalogue import (
    BLE_CHARACTERISTICS,
    MODELS,
    SERIAL_PROTOCOLS,
    model_named,
    recognised,
    serial_models,
)
from devices.protocols import ad_tm2655, current_time


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ([], "bad_line"),
        ("2A35", "bad_line"),
        ({}, "bad_line"),
        ({"char": "2A35"}, "bad_line"),
        ({"char": "2A35", "hex": 3}, "bad_line"),
        ({"char": "FFFF", "hex": ""}, "unknown_characteristic"),
        ({"char": "2A35", "hex": "0"}, "bad_hex"),
        ({"protocol": "nothing", "chunks": []}, "unknown_protocol"),
        ({"protocol": "ad_tm2655"}, "bad_line"),
        ({"protocol": "ad_tm2655", "chunks": [1]}, "bad_line"),
        ({"protocol": "ad_tm2655", "chunks": ["xx"]}, "bad_hex"),
        ({"protocol": "ad_tm2655", "chunks": [], "direction": "up"}, "bad_direction"),
        ({"protocol": "cms50_5byte", "chunks": [], "direction": "host->device"}, "no_commands"),
        ({"protocol": "hl7_mllp", "chunks": [], "map": []}, "bad_map"),
        ({"protocol": "hl7_mllp", "chunks": [], "map": {"HB": "718-7"}}, "bad_map"),
        ({"protocol": "hl7_mllp", "chunks": [], "encoding": "klingon"}, "bad_setting"),
        ({"protocol": "hl7_mllp", "chunks": [], "sample": ["X"]}, "bad_setting"),
        ({"protocol": "hl7_mllp", "chunks": [], "time": ["OBR"]}, "bad_setting"),
    ],
)
def test_wrong_question(line: object, kind: str) -> None:
    with pytest.raises(DecodeInputError) as wrong:
        decode_line(line)
    assert wrong.value.kind == kind
    assert str(wrong.value)


def test_answers_are_plain() -> None:
    assert decode_ble("2a19", "64") == {"char": "2A19", "fields": {"percent": 100}, "readings": []}
    assert decode_ble("2A35", "00") == {"char": "2A35", "error": "truncated", "readings": []}
    assert decode_serial("ad_tm2655", []) == {
        "protocol": "ad_tm2655",
        "events": [],
        "pending_bytes": 0,
        "readings": [],
    }


@pytest.mark.parametrize("code", sorted(ad_tm2655.COMMANDS))
def test_a_command_explains_itself(code: str) -> None:
    explained = decode_line(
        {
            "protocol": "ad_tm2655",
            "chunks": [ad_tm2655.command(code).hex()],
            "direction": "host->device",
        }
    )
    assert explained["events"] == [{"event": "command", "code": code}]


def test_the_clock_reads_back_what_was_written() -> None:
    now = datetime.fromisoformat("2026-11-22T08:30:05.500000")
    assert decode_ble("2A2B", current_time.encode_current_time(now).hex())["fields"] == {
        "time": "2026-11-22T08:30:05",
        "weekday": 7,
        "fractions256": 128,
        "adjust": 1,
    }
    assert decode_ble("2A08", current_time.encode_date_time(now).hex())["fields"] == {
        "time": "2026-11-22T08:30:05"
    }


def test_every_model_is_reachable() -> None:
    names = [model.name for model in MODELS]
    assert len(names) == len(set(names))
    for model in MODELS:
        assert model_named(model.name) is model
        assert model_named(model.label) is model
        if model.link == "serial":
            assert model.protocol in SERIAL_PROTOCOLS
            assert model in serial_models(model.protocol)
        else:
            assert model.characteristics
            assert model.services


def test_an_advertisement_is_recognised_by_name_then_by_service() -> None:
    cuff = recognised("A&D_UA-651BLE_C0FFEE", ["1810"])
    assert cuff is not None
    assert cuff.name == "UA-651BLE"
    other = recognised("BLEsmart_0001", ["1810"])
    assert other is not None
    assert other.characteristics[0] == "2A35"
    assert recognised("Headphones", ["110B"]) is None


def test_what_would_be_recorded_stands_beside_the_fields() -> None:
    weight = decode_ble("2A9D", "0e783eea07050c12353601ee002607")
    assert weight["readings"] == [
        {
            "kind": "weight",
            "values": [{"code": "29463-7", "value": "79.96", "unit": "kg", "comparator": ""}],
            "time": "2026-05-12T18:53:54",
            "record": None,
            "user": 1,
            "quality": [],
        }
    ]


def test_what_plausibility_refuses_is_not_recorded_and_says_why() -> None:
    refused = decode_ble("2A35", "001f072b000000")
    assert refused["readings"] == []
    assert refused["refused"] == [
        {"kind": "out-of-range", "text": "systolic 1823 mm[Hg] is outside 30 to 300"}
    ]


def test_a_cuff_that_inflates_and_a_battery_leave_nothing() -> None:
    assert decode_ble("2A36", "007800000000000000")["readings"] == []
    assert decode_ble("2A19", "64")["readings"] == []


def test_a_stream_gives_one_reading_for_each_finger() -> None:
    finger, out = "01E085B396C1E1FFFF", "01E285B396C1E1FFFF"
    found = decode_serial("cms50_v7", [finger, finger, out, out, finger])["readings"]
    assert isinstance(found, list)
    assert len(found) == 2


@pytest.mark.parametrize("char", sorted(BLE_CHARACTERISTICS))
@given(raw=st.binary(max_size=40))
def test_no_bytes_harm_the_answer(char: str, raw: bytes) -> None:
    answer = decode_ble(char, raw.hex())
    assert isinstance(answer["readings"], list)
    assert json.loads(json.dumps(answer)) == answer


def test_a_line_may_say_what_a_port_says_of_an_analyser() -> None:
    record = "R|1|^^^718-7|13.0|g/dL||||F"
    wire = laboratory.astm(laboratory.HEAD, "P|1", "O|1|QC-1|I-9", record, "L|1|N")
    line = {"protocol": "astm_e1381", "chunks": [wire.hex()], "map": {"718-7": ["718-7", "g/dL"]}}
    (found,) = readings_of(decode_line({**line, "sample": ["O-4"], "encoding": "latin-1"}))
    assert (found["record"], found["found"]) == ("I-9", ["O-4", "H-14"])
    assert readings_of(decode_line({**line, "controls": ["QC-*"]})) == []
    with pytest.raises(DecodeInputError):
        decode_line({**line, "sample": "O-4"})


def readings_of(answer: dict[str, object]) -> list[dict[str, object]]:
    found = answer["readings"]
    assert isinstance(found, list)
    return found
