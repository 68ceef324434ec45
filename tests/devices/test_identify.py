"""Recognising a device by what it says, and the few questions that may be put to a stranger."""

from __future__ import annotations

import json
import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS, serial_models
from devices.catalogue.serial_protocols import SERIAL_ROWS
from devices.driver import LineSettings
from devices.serial import identify
from devices.serial.identify import Listener
from devices.simulators.wired import hl7_mllp
from devices.simulators.wired.analyser import Result

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "serial.json").read_text("utf-8")
)["vectors"]

WHOLE = sorted(row.name for row in SERIAL_ROWS if row.listening.results_only)


RESULTS = {
    "hl7_mllp": [hl7_mllp.message(Result(7, Decimal("11.8"), datetime(2026, 11, 22)))],  # noqa: DTZ001
}
"""Where no vector shows a whole result."""


def valid(protocol: str) -> list[bytes]:
    """Whole results of a protocol, from the vectors."""
    return [
        bytes.fromhex("".join(vector["chunks"]))
        for vector in VECTORS
        if vector["protocol"] == protocol
        and vector["direction"] == "device->host"
        and any(event["event"] in ("reading", "message", "header") for event in vector["expect"])
        and all(event["event"] != "error" for event in vector["expect"])
    ]


def heard(line: LineSettings, data: bytes) -> str | None:
    listener = Listener(line)
    listener.feed(data)
    found = listener.verdict()
    return found.protocol if found else None


@pytest.mark.parametrize("protocol", WHOLE)
def test_one_complete_result_names_its_protocol(protocol: str) -> None:
    results = RESULTS.get(protocol) or valid(protocol)
    assert results
    for line in SERIAL_PROTOCOLS[protocol].lines:
        for data in results:
            assert heard(line, data) == protocol, data


@pytest.mark.parametrize("protocol", ["berry_pm6750", "taidoc_51", "suntech_nibp", "sd_codefree"])
def test_three_sound_frames_name_their_protocol(protocol: str) -> None:
    for line in SERIAL_PROTOCOLS[protocol].lines:
        frames = b"".join(
            bytes.fromhex("".join(vector["chunks"]))
            for vector in VECTORS
            if vector["protocol"] == protocol
            and vector["direction"] == "device->host"
            and vector["provenance"].startswith(("public", "derived"))
            and all(event["event"] != "error" for event in vector["expect"])
        )
        assert heard(line, frames * 3) == protocol


def test_a_stream_without_checksum_needs_a_long_run() -> None:
    frame = bytes.fromhex("8735054862")
    line = SERIAL_PROTOCOLS["cms50_5byte"].lines[0]
    assert heard(line, frame * 10) is None
    assert heard(line, frame * 70) == "cms50_5byte"


@pytest.mark.parametrize("line", identify.listening_order(), ids=str)
def test_noise_is_nobody(line: LineSettings) -> None:
    """Three seconds of noise at full speed: what a wrong line setting makes of a stream."""
    noise = random.Random(7)
    named = [heard(line, noise.randbytes(line.baud * 3 // 10)) for _ in range(5)]
    assert named == [None] * 5


@given(st.lists(st.binary(max_size=80), max_size=8), st.sampled_from(identify.listening_order()))
@settings(max_examples=100, deadline=None)
def test_no_bytes_harm_a_listener(chunks: list[bytes], line: LineSettings) -> None:
    listener = Listener(line)
    for chunk in chunks:
        listener.feed(chunk)
    found = listener.verdict()
    assert found is None or found.protocol in SERIAL_PROTOCOLS


def test_every_recognisable_protocol_can_be_bound() -> None:
    for name in SERIAL_PROTOCOLS:
        assert serial_models(name), f"no model to bind {name} to"


def test_the_questions_only_read() -> None:
    """Each question, as the device itself would understand it."""
    asked = [(name, question.write.hex()) for name, question in identify.QUESTIONS.items()]
    assert asked == [
        ("suntech_nibp", "3a79050048"),
        ("taidoc_51", "512400000000a318"),
        ("medlab_nibp2020", "0231383b3b444603"),
        ("cms50_v7", "7d81a28080808080807d81a8808080808080"),
        ("onetouch_ultra2", "110d444d3f0d"),
    ]
    for name, question in identify.QUESTIONS.items():
        assert question.line in SERIAL_PROTOCOLS[name].lines
