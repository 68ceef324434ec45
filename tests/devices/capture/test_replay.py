"""A capture file says what was recorded, and replaying it says what that is worth."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.capture.capture import Capture, CaptureError, Chunk, dump, load, masked, parse_line
from devices.capture.replay import BROKEN, NOTHING, SOUND, replay
from devices.driver import LineSettings

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "serial.json").read_text(encoding="utf-8")
)["vectors"]
OMRON = b"2026,07,11,09,05,12345678901234567890,0,120,080,072,0\r\n"
CUFF = bytes.fromhex("1e7c0050005d00ea070b16081e004800010000")

chunks = st.lists(st.builds(Chunk, st.integers(0, 10**9), st.binary(max_size=60)), max_size=8)


def cable(protocol: str, *data: bytes) -> Capture:
    parts = tuple(Chunk(16 * at, part) for at, part in enumerate(data))
    return Capture("serial", protocol, "9600 8N1", masked=False, chunks=parts)


@given(chunks=chunks)
def test_a_file_gives_back_what_was_recorded(chunks: list[Chunk]) -> None:
    capture = Capture("serial", "omron_hbp", "9600 8N1", masked=True, chunks=tuple(chunks))
    assert load(dump(capture)) == capture


@given(cuts=st.lists(st.integers(0, len(OMRON)), max_size=6))
def test_an_identity_cut_by_reads_is_masked_and_the_reads_keep_their_sizes(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(OMRON)]
    parts = [OMRON[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    found = masked(cable("omron_hbp", *parts)).capture
    assert [len(chunk.data) for chunk in found.chunks] == [len(part) for part in parts]
    assert b"X" * 20 in found.data
    assert found.masked
    assert [reading.event.fields["sys"] for reading in replay(found).readings] == [120]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([], "no_capture"),
        (["{}"], "no_capture"),
        (['{"capture": 1}'], "no_capture"),
        (["not json"], "bad_line"),
        (['{"capture": 1, "link": "serial"}', "[]"], "bad_line"),
        (['{"capture": 1, "link": "serial"}', '{"t_ms": 1}'], "bad_line"),
        (['{"capture": 1, "link": "serial"}', '{"t_ms": 1, "hex": "x"}'], "bad_line"),
        (['{"capture": 1, "link": "ble"}', '{"t_ms": 1, "hex": "00"}'], "bad_line"),
    ],
)
def test_a_wrong_file_is_refused_by_name(lines: list[str], kind: str) -> None:
    with pytest.raises(CaptureError) as refused:
        load(lines)
    assert refused.value.kind == kind


@given(text=st.text(max_size=80))
def test_any_text_is_a_capture_or_refused(text: str) -> None:
    with suppress(CaptureError):
        capture = load(['{"capture": 1, "link": "serial"}', *text.splitlines()])
        assert load(dump(capture)) == capture


def test_line_settings_are_read_as_technicians_write_them() -> None:
    assert parse_line("2400 7E1") == LineSettings(2400, bits=7, parity="E")
    assert parse_line("19200-8o1") == LineSettings(19200, parity="O")
    with pytest.raises(CaptureError):
        parse_line("fast")


def test_a_sound_capture_gives_its_readings_and_when_they_came() -> None:
    found = replay(cable("omron_hbp", OMRON[:20], OMRON[20:], OMRON[:7]))
    assert found.verdict == SOUND
    assert [(reading.t_ms, reading.event.fields["dia"]) for reading in found.readings] == [(16, 80)]
    assert (found.pending, found.independent, dict(found.errors)) == (7, True, {})


def test_a_beginning_in_mid_frame_is_forgiven_and_a_later_break_is_not() -> None:
    assert replay(cable("omron_hbp", OMRON[9:], OMRON)).verdict == SOUND
    found = replay(cable("omron_hbp", OMRON, OMRON[9:]))
    assert (found.verdict, dict(found.errors)) == (BROKEN, {"malformed": 1})


def test_a_device_that_says_it_failed_was_understood() -> None:
    failed = OMRON.replace(b",0,120,", b",7,120,")
    found = replay(cable("omron_hbp", failed))
    assert (found.verdict, found.readings, dict(found.errors)) == (SOUND, (), {"device_error": 1})


def test_the_wrong_protocol_understands_nothing() -> None:
    assert replay(cable("omron_hbp", OMRON), "ad_tm2655").verdict == NOTHING


def test_an_unknown_protocol_is_a_question_put_wrongly() -> None:
    for name in ("", "no_such"):
        with pytest.raises(CaptureError) as refused:
            replay(cable(name, OMRON))
        assert refused.value.kind == "unknown_protocol"


def test_values_of_bluetooth_stand_alone() -> None:
    values = (Chunk(5, CUFF, "2A35"), Chunk(9, CUFF[:4], "2A35"))
    found = replay(Capture("ble", "", "", masked=True, chunks=values))
    assert [moment.event.fields.get("kind") for moment in found.moments] == [None, "truncated"]
    assert (len(found.readings), found.independent, found.verdict) == (1, None, BROKEN)


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if v.get("direction") != "host->device"],
    ids=lambda vector: str(vector["id"]),
)
def test_every_vector_replays_whatever_the_cuts(vector: dict[str, object]) -> None:
    parts = [bytes.fromhex(str(part)) for part in vector["chunks"]]  # type: ignore[attr-defined]
    found = replay(cable(str(vector["protocol"]), *parts))
    assert found.independent
    assert found.pending == vector["pending_bytes"]
    assert [moment.event.name for moment in found.moments] == [
        event["event"]
        for event in vector["expect"]  # type: ignore[attr-defined]
    ]
