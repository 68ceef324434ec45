"""Nonin oximeters on a cable: data formats 2 and 8 as streams, 13 as a spot check.

Format 2: 75 frames of `01 status pleth value sum` a second; the place of a frame among the 25 of a
packet says what its value is, and the first has the sync bit. Format 8: `status rate SpO2 status`
each second, bit 7 only in the first byte. Format 13: a message with the sum of its data. 511 and
127 stand for "no value".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Saturation
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import PUSH_FAULTS, STREAM_FAULTS, Phase, Pusher, Streamer

FRAMES = 25
FRAMES_PER_S = 75
_FRAMES_PER_LUMP = 5
_SYNC, _ALWAYS = 0x01, 0x80
_STATUS = {Phase.PULSE: 0, Phase.SEARCHING: 0x10, Phase.MOVING: 0x30, Phase.OUT: 0x48}
"""Format 2: 40 no sensor, 20 artifact, 10 out of track, 08 sensor alarm."""
_STATUS_8 = {Phase.PULSE: 0, Phase.SEARCHING: 0x20, Phase.MOVING: 0x24, Phase.OUT: 0x20}
_ALARM_8 = 0x08
_NO_PULSE, _NO_SPO2 = 0x1FF, 0x7F
_REVISION = 0x30

_SMART_POINT, _FROM_MEMORY, _NO_MEASUREMENT = 0x200, 0x10, 0x100
_ACK, _NAK = b"\x06", b"\x15"
_SELECT = b"\x02\x70\x04\x02"
_SELECT_SIZE = 8
_INPUT_LIMIT = 32
_MEMORY_LIMIT = 20


def packet_2(seen: Saturation | None, status: int = 0, pleth: Sequence[int] = ()) -> list[bytes]:
    """Return the 25 frames of a packet of format 2; `pleth` has a height for each."""
    heights = [*pleth, *[1] * (FRAMES - len(pleth))]
    values = _values(seen)
    frames = []
    for at, (height, value) in enumerate(zip(heights, values, strict=True)):
        head = bytes([0x01, _ALWAYS | status | (_SYNC if at == 0 else 0), height, value])
        frames.append(head + bytes([sum(head) & 0xFF]))
    return frames


def sample_8(seen: Saturation | None, phase: Phase = Phase.PULSE) -> bytes:
    """Return the four bytes of a second of format 8."""
    pulse, spo2 = _numbers(seen)
    alarm = _ALARM_8 if phase is Phase.OUT else 0
    return bytes([_ALWAYS | _STATUS_8[phase] | pulse >> 7, pulse & 0x7F, spo2, alarm])


def spot_check(seen: Saturation | None, when: datetime, stored: bool = False) -> bytes:
    """Return a message of format 13; that its date is binary is not confirmed."""
    pulse, spo2 = _numbers(seen)
    status = (_NO_MEASUREMENT if seen is None else _SMART_POINT) | _FROM_MEMORY * stored
    date = [when.year // 100, when.year % 100, when.month, when.day]
    data = bytes([*date, when.hour, when.minute, when.second, 0])
    data += status.to_bytes(2, "big") + pulse.to_bytes(2, "big") + bytes([0, spo2])
    head = b"\x00\x02\x00\x0d" + len(data).to_bytes(2, "big")
    return head + data + bytes([sum(data) & 0xFF, 0x03])


class Xpod(Streamer):
    """An Xpod in format 2; it talks as long as it has power."""

    slug, model, protocol = "xpod", "Xpod", "nonin_df2"
    settings = LineSettings(9600)
    faults = STREAM_FAULTS | {Fault.MOTION}
    period_s = _FRAMES_PER_LUMP / FRAMES_PER_S
    _frames: tuple[bytes, ...] = ()
    _phase = 0.0

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the next five frames; a packet that was begun is finished first."""
        if not self._frames:
            pleth = [self._height(seen) for _ in range(FRAMES)]
            self._frames = tuple(packet_2(seen, _STATUS[phase], pleth))
        lump, self._frames = self._frames[:_FRAMES_PER_LUMP], self._frames[_FRAMES_PER_LUMP:]
        return b"".join(lump)

    def _height(self, seen: Saturation | None) -> int:
        """Advance the plethysmogram by a frame at the pulse's own pace."""
        if seen is None:
            return 0
        self._phase = (self._phase + float(seen.pulse) / 60 / FRAMES_PER_S) % 1.0
        return round(127 - 100 * math.cos(2 * math.pi * self._phase))


class NoninDf8(Streamer):
    """An OEM module in format 8."""

    slug, model, protocol = "nonin-df8", "OEM III", "nonin_df8"
    settings = LineSettings(9600)
    faults = STREAM_FAULTS | {Fault.MOTION}

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the four bytes of a second."""
        return sample_8(seen, phase)


class Nonin9560(Pusher):
    """A fingertip oximeter in format 13; keeps what it could not send and sends it when it can."""

    slug, model, protocol = "nonin-9560", "9560", "nonin_df13"
    settings = LineSettings(9600)
    faults = PUSH_FAULTS | {Fault.WRONG_CLOCK}

    _input = b""
    _memory: tuple[bytes, ...] = ()

    @property
    def stored(self) -> int:
        """How many spot checks wait in the memory."""
        return len(self._memory)

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the spot check; without a cable it goes to the memory instead."""
        seen = body.measure_saturation() if body else None
        if self.line.plugged:
            return spot_check(seen, when)
        self._memory = (*self._memory, spot_check(seen, when, stored=True))[-_MEMORY_LIMIT:]
        return b""

    def _plugged(self) -> None:
        self._input = b""

    def _receive(self, data: bytes) -> None:
        """Answer a host that selects a format; format 13 also brings the memory."""
        self._input = (self._input + data)[-_INPUT_LIMIT:]
        while (at := self._input.find(_SELECT)) >= 0 and len(self._input) - at >= _SELECT_SIZE:
            command, self._input = self._input[at:][:_SELECT_SIZE], self._input[at:][_SELECT_SIZE:]
            sound = sum(command[1:6]) & 0xFF == command[6] and command[7] == 0x03
            chosen = sound and command[4] == 13
            self.line.send(_ACK if chosen else _NAK)
            if chosen:
                self.line.send(b"".join(self._memory))
                self._memory = ()


def _numbers(seen: Saturation | None) -> tuple[int, int]:
    return (_NO_PULSE, _NO_SPO2) if seen is None else (int(seen.pulse), int(seen.spo2))


def _values(seen: Saturation | None) -> list[int]:
    pulse, spo2 = _numbers(seen)
    rate = [pulse >> 7, pulse & 0x7F]
    quick = [*rate, spo2, _REVISION, 0, 0, 0, 0, spo2, spo2, spo2, 0, 0]
    slow = [*rate, spo2, spo2, 0, 0, *rate, *rate, 0, 0]
    return quick + slow
