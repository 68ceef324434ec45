"""Nonin OEM III, Xpod, 3150, 9560 pulse oximeters, serial: data formats 2, 8 and 13.

9600 8N1. Format 2 sends 75 frames of 5 bytes each second, `01 status pleth value sum`; 25 frames
make a packet, the first has the sync bit, and the place in the packet says what `value` is. Format
8 sends 4 bytes each second, bit 7 marks the first. Format 13 is a spot check with a checksum.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.observations import oximetry
from edge.model.reading import Measurement

_NO_PULSE, _NO_SPO2 = 0x1FF, 0x7F

_DF2_FRAME, _DF2_PACKET = 5, 25
_SYNC = 0x01
_DF2_FLAGS = (
    ("sensor_disconnect", 0x40),
    ("artifact", 0x20),
    ("out_of_track", 0x10),
    ("sensor_alarm", 0x08),
)
_PERFUSION = {2: "low_perfusion", 3: "marginal_perfusion"}
_RATE_HIGH, _RATE_LOW, _SPO2, _STATUS_2 = 0, 1, 2, 7

_DF8_FRAME = 4

_DF13_START = b"\x00\x02\x00\x0d"
_DF13_LEAST, _DF13_MOST = 14, 64
_ETX = 0x03


def select(data_format: int, flags: int = 0) -> bytes:
    """Return the command that selects a data format on a 9560 or 3150."""
    body = bytes((0x70, 0x04, 0x02, data_format, flags))
    return b"\x02" + body + bytes((sum8(body), _ETX))


def measured(event: Event) -> Measurement | None:
    """Return one sample; None while a sensor is off, alarms, or the device says "none"."""
    fields = event.fields
    no_value = ("sensor_disconnect", "sensor_alarm", "no_measurement", "out_of_track")
    if event.name != "reading" or any(fields.get(name) for name in no_value):
        return None
    doubts = event.quality + (("artifact",) if fields.get("artifact") else ())
    return oximetry(fields, doubts, stored=bool(fields.get("from_memory")))


class _Packets:
    """Collects the frames of format 2 into packets of 25.

    A value is known by its place alone, so a packet with any damage between its frames is lost.
    """

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._damaged = False

    def take(self, buffer: bytearray) -> Step | None:
        if buffer[0] != 0x01 or (len(buffer) > 1 and not buffer[1] & 0x80):
            self._damaged = True
            return skip(1)
        if len(buffer) < _DF2_FRAME:
            return None
        frame = bytes(buffer[:_DF2_FRAME])
        if sum8(frame[:-1]) != frame[-1]:
            self._damaged = True
            return Step(1, (error("bad_checksum"),))
        return Step(_DF2_FRAME, self._add(frame))

    def _add(self, frame: bytes) -> tuple[Event, ...]:
        events: tuple[Event, ...] = ()
        if frame[1] & _SYNC:
            if self._frames:
                events = (error("frame_loss"),)
            self._frames, self._damaged = [], False
        elif not self._frames:
            return ()  # joined in the middle of a packet
        self._frames.append(frame)
        if len(self._frames) == _DF2_PACKET:
            events += (error("frame_loss") if self._damaged else _packet(self._frames),)
            self._frames = []
        return events


def _packet(frames: list[bytes]) -> Event:
    status = 0
    for frame in frames:
        status |= frame[1]
    values = [frame[3] for frame in frames]
    perfusion = max(frame[1] >> 1 & 3 for frame in frames)
    fields = {
        "spo2": _spo2(values[_SPO2]),
        "pulse": _pulse(values[_RATE_HIGH], values[_RATE_LOW]),
        "low_battery": bool(values[_STATUS_2] & 0x01),
        **{name: bool(status & bit) for name, bit in _DF2_FLAGS},
    }
    doubt = _PERFUSION.get(perfusion)
    return Event("reading", fields, (doubt,) if doubt else ())


def _take_df8(buffer: bytearray) -> Step | None:
    if not buffer[0] & 0x80:
        return skip(1)
    end = next((at for at in range(1, min(_DF8_FRAME, len(buffer))) if buffer[at] & 0x80), None)
    if end is not None:
        return Step(end, (error("short_frame"),))
    if len(buffer) < _DF8_FRAME:
        return None
    first, rate, spo2, second = buffer[:_DF8_FRAME]
    fields = {
        "spo2": _spo2(spo2),
        "pulse": _pulse(first, rate),
        "out_of_track": bool(first & 0x20),
        "low_perfusion": bool(first & 0x10),
        "artifact": bool(first & 0x04),
        "sensor_alarm": bool(second & 0x08),
        "low_battery": bool(second & 0x01),
    }
    doubts = tuple(
        name for bit, name in ((0x10, "low_perfusion"), (0x08, "marginal_perfusion")) if first & bit
    )
    return Step(_DF8_FRAME, (Event("reading", fields, doubts),))


def _take_df13(buffer: bytearray) -> Step | None:
    if buffer[: len(_DF13_START)] != _DF13_START[: len(buffer)]:
        return skip(1)
    head = len(_DF13_START) + 2
    if len(buffer) < head:
        return None
    size = int.from_bytes(buffer[len(_DF13_START) : head], "big")
    if not _DF13_LEAST <= size <= _DF13_MOST:
        return Step(1, (error("bad_length"),))
    total = head + size + 2
    if len(buffer) < total:
        return None
    data = bytes(buffer[head : head + size])
    if sum8(data) != buffer[total - 2]:
        return Step(1, (error("bad_checksum"),))
    if buffer[total - 1] != _ETX:
        return Step(1, (error("malformed"),))
    return Step(total, (_spot_check(data),))


def _spot_check(data: bytes) -> Event:
    """The date's coding is not confirmed by a second source, so it is left alone."""
    status = int.from_bytes(data[8:10], "big")
    pulse = int.from_bytes(data[10:12], "big")
    fields = {
        "spo2": _spo2(data[13]),
        "pulse": None if pulse == _NO_PULSE else pulse,
        "from_memory": bool(status & 0x10),
        "low_battery": bool(status & 0x01),
        "no_measurement": bool(status & 0x100),
        "smartpoint": bool(status & 0x200),
    }
    return Event("reading", fields)


def _pulse(high: int, low: int) -> int | None:
    """The upper two bits stand at bit 7 and 8, not at bit 8 and 9."""
    pulse = (high & 0x03) << 7 | low & 0x7F
    return None if pulse == _NO_PULSE else pulse


def _spo2(raw: int) -> int | None:
    return None if raw & 0x7F == _NO_SPO2 else raw & 0x7F


_LINES = (LineSettings(9600),)

PROTOCOL_DF2 = SerialProtocol(
    name="nonin_df2",
    title="Nonin pulse oximeters, data format 2",
    lines=_LINES,
    decoder=lambda: StepDecoder(_Packets().take),
    measured=measured,
    streaming=True,
)
PROTOCOL_DF8 = SerialProtocol(
    name="nonin_df8",
    title="Nonin pulse oximeters, data format 8",
    lines=_LINES,
    decoder=lambda: StepDecoder(_take_df8),
    measured=measured,
    streaming=True,
    experimental=True,
)
PROTOCOL_DF13 = SerialProtocol(
    name="nonin_df13",
    title="Nonin 9560 spot check, data format 13",
    lines=_LINES,
    decoder=lambda: StepDecoder(_take_df13),
    measured=measured,
    experimental=True,
)
