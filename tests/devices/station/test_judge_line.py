"""A line's settings are judged by what comes; events keep the bytes they came from."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS
from devices.serial.frames import Frames, LineTrial
from devices.simulators.bodies import Pressure, Saturation
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.wired.ad_tm2657 import data_frame, result_frame
from devices.simulators.wired.cms50dplus import Wave, live_frame

pytestmark = pytest.mark.long

KIOSK, CMS50 = SERIAL_PROTOCOLS["ad_tm2655"], SERIAL_PROTOCOLS["cms50_5byte"]
D = Decimal
RESULT = result_frame(Pressure(D(120), D(80), D(93), D(70)), NEVER_SET)
SAMPLE = live_frame(Saturation(D(97), D(72), D(2)), Wave(7, 50, 5))


@given(noise=st.binary(max_size=30), cuts=st.lists(st.integers(1, 40), max_size=8))
def test_a_result_keeps_its_own_bytes_in_any_chunking(noise: bytes, cuts: list[int]) -> None:
    noise = noise.replace(b"\x16", b"")
    data, frames, found = noise + RESULT + RESULT, Frames(KIOSK), []
    for cut in [*cuts, len(data)]:
        found += frames.feed(data[:cut])
        data = data[cut:]
    assert [raw for event, raw in found if event.name == "reading"] == [noise + RESULT, RESULT]


def test_an_unfinished_frame_is_given_up_whole() -> None:
    frames = Frames(KIOSK)
    assert frames.feed(b"??" + RESULT[:40]) == []
    assert frames.abandon() == RESULT[:40]
    assert [event.name for event, _ in frames.feed(RESULT)] == ["reading"]


@given(st.binary(min_size=1, max_size=400))
def test_noise_never_binds_a_stream(noise: bytes) -> None:
    trial, frames = LineTrial(CMS50), Frames(CMS50)
    believed = [trial.believes(event, len(raw)) for event, raw in frames.feed(noise)]
    sound = sum(1 for at in range(len(noise) - 4) if _sound(noise[at : at + 5]))
    assert not any(believed) or sound >= 20


def _sound(frame: bytes) -> bool:
    return frame[0] >= 0x80 and all(byte < 0x80 for byte in frame[1:])


def listen(trial: LineTrial, frames: Frames, now_ms: int, data: bytes) -> None:
    events = frames.feed(data)
    for event, raw in events:
        trial.believes(event, len(raw))
    trial.heard(now_ms, data, events, frames.pending)


def test_a_stream_binds_after_a_run_of_frames_and_is_doubted_in_noise() -> None:
    trial, frames = LineTrial(CMS50), Frames(CMS50)
    for lump in range(10):
        listen(trial, frames, 100_000 + lump * 50, SAMPLE * 3)
    assert trial.bound
    assert not trial.wrong()
    for lump in range(80):
        listen(trial, frames, 100_500 + lump * 50, b"\xff\x80\x00")
    assert trial.wrong()


def test_a_pause_in_a_stream_is_no_doubt() -> None:
    trial, frames = LineTrial(CMS50), Frames(CMS50)
    listen(trial, frames, 100_000, SAMPLE * 30)
    assert not trial.wrong()
    listen(trial, frames, 160_000, SAMPLE * 3)
    assert not trial.wrong()


def test_one_lucky_frame_after_noise_is_not_believed() -> None:
    trial, frames = LineTrial(CMS50), Frames(CMS50)
    listen(trial, frames, 100_000, b"\x35" * 300 + SAMPLE)
    assert not trial.bound


def test_a_monitor_that_prints_a_line_every_two_seconds_is_soon_believed() -> None:
    protocol = SERIAL_PROTOCOLS["masimo_ascii1"]
    trial, frames = LineTrial(protocol), Frames(protocol)
    line = b"11/22/26 08:30:00 SN=0000070986 SPO2=098% BPM=097 PI=03.60% ALARM=0000 EXC=000800\r\n"
    for second in (100, 102, 104):
        listen(trial, frames, second * 1000, line)
        assert not trial.wrong()
    assert trial.bound


def burst(trial: LineTrial, frames: Frames, now_ms: int) -> None:
    listen(trial, frames, now_ms, bytes(range(100, 140)))
    assert not trial.burst_ended(now_ms + 500)
    assert trial.burst_ended(now_ms + 1500)
    assert not trial.burst_ended(now_ms + 2500)


def test_bursts_of_noise_move_an_unbound_line_on_and_round() -> None:
    trial, frames = LineTrial(KIOSK), Frames(KIOSK)
    tried = []
    for turn in range(4):
        tried.append(trial.settings.baud)
        burst(trial, frames, 100_000 + turn * 10_000)
        assert not trial.wrong()
        burst(trial, frames, 105_000 + turn * 10_000)
        assert trial.wrong()
        trial.next()
    assert tried == [2400, 9600, 4800, 1200]
    assert (trial.settings.baud, trial.exhausted) == (2400, True)


def test_half_a_frame_is_no_sign_of_wrong_settings() -> None:
    trial, frames = LineTrial(KIOSK), Frames(KIOSK)
    listen(trial, frames, 100_000, RESULT[:60])
    assert not trial.burst_ended(105_000)
    assert not trial.wrong()


def test_settings_that_were_good_are_left_late_and_come_back_soon() -> None:
    trial, frames = LineTrial(KIOSK), Frames(KIOSK)
    listen(trial, frames, 100_000, data_frame(["x"]) + RESULT)
    assert trial.bound
    for turn in range(3):
        assert not trial.wrong()
        burst(trial, frames, 110_000 + turn * 5000)
    assert trial.wrong()
    assert [trial.next().baud for _ in range(4)] == [9600, 2400, 4800, 2400]
