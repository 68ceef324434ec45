"""Contec CMS50D+ (firmware 4.6 and 7.0), CMS50E/F/EW/IW/I: the "7D" oximeter protocol, serial.

115200 8N1, never software flow control. Polled: the stream starts on command and ends after about
30 s without a keep-alive. A packet is a type byte, a byte of high bits, then up to seven data bytes
that all have bit 7 set; bit i of the high bits is bit 7 of data byte i. There is no checksum, so a
single frame is no reading: see `devices.recording.stable_value`.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, Question, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.observations import oximetry
from edge.model.reading import Measured

LIVE_START, LIVE_STOP, MODEL, KEEP_ALIVE = 0xA1, 0xA2, 0xA8, 0xAF
STORED_START, STORED_STOP, STORED_COUNT, STORED_DURATION = 0xA6, 0xA7, 0xA3, 0xA4
_ALLOWED = frozenset(
    {
        LIVE_START,
        LIVE_STOP,
        MODEL,
        KEEP_ALIVE,
        STORED_START,
        STORED_STOP,
        STORED_COUNT,
        STORED_DURATION,
    }
)

_COMMAND, _LIVE, _STORED, _STORED_PI, _DISCONNECT = 0x7D, 0x01, 0x0F, 0x09, 0x0D
_LENGTHS = {_LIVE: 9, _STORED: 8, _STORED_PI: 6, _DISCONNECT: 3, _COMMAND: 9}
_LONGEST, _HEAD = 9, 2
_TEXTS = {0x02: "model", 0x03: "vendor", 0x04: "device_id"}
_NO_SPO2, _NO_PULSE, _NO_INDEX = 0x7F, 0xFF, 0xFFFF


def command(code: int, *arguments: int) -> bytes:
    """Return a command packet; erasing and setting are not offered."""
    if code not in _ALLOWED:
        raise ValueError(f"no command that a box sends: {code:02x}")
    data = bytes((code, *arguments)).ljust(_LONGEST - _HEAD, b"\0")
    high = sum((byte >> 7) << at for at, byte in enumerate(data))
    return bytes((_COMMAND, 0x80 | high, *(byte | 0x80 for byte in data)))


def measured(event: Event) -> Measured | None:
    """Return one live sample; None while the probe is off or searches."""
    fields = event.fields
    if event.name != "reading" or fields["probe_error"] or fields["searching"]:
        return None
    return oximetry(fields)


def aside(event: Event) -> bool:
    """Whether an event is no live sample: replies, stored samples."""
    return event.name != "reading"


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] & 0x80:
        return skip(1)
    full = _LENGTHS.get(buffer[0])
    longest = full or _LONGEST
    end = next((at for at in range(1, min(longest, len(buffer))) if not buffer[at] & 0x80), None)
    if end is not None:
        # Only packets whose length no firmware agrees on are delimited by the next one.
        if full is None and end > _HEAD:
            return Step(end, (_packet(bytes(buffer[:end])),))
        return Step(end, (error("short_frame"),))
    if len(buffer) < longest:
        return None
    return Step(longest, (_packet(bytes(buffer[:longest])),))


def _packet(packet: bytes) -> Event:
    kind, high = packet[0], packet[1]
    data = [byte & 0x7F | (high >> at & 1) << 7 for at, byte in enumerate(packet[_HEAD:])]
    if kind == _LIVE:
        return _live(data)
    if kind == _STORED:
        pairs = zip(data[::2], data[1::2], strict=True)
        return Event("stored", {"samples": tuple(_pair(*pair) for pair in pairs)})
    if kind == _STORED_PI:
        index = _index(data[2:])
        return Event("stored", {"samples": (_pair(data[0], data[1]),), "pi_raw": index})
    if kind == _DISCONNECT:
        return Event("disconnect", {"reason": data[0]})
    if kind == _COMMAND:
        return Event("command", {"code": f"{data[0]:02x}"})
    if kind in _TEXTS:
        text = bytes(data).decode("latin-1").strip("\0 ")
        return Event(_TEXTS[kind], {"text": text})
    return Event("packet", {"type": kind, "data": bytes(data).hex()})


def _live(data: list[int]) -> Event:
    """The scale of the perfusion index is not confirmed: it stays raw."""
    spo2, pulse = _pair(data[4], data[3])
    return Event(
        "reading",
        {
            "spo2": spo2,
            "pulse": pulse,
            "pleth": data[1] & 0x7F,
            "signal": data[0] & 0x0F,
            "beep": bool(data[0] & 0x40),
            "probe_error": bool(data[0] & 0x80),
            "searching": bool(data[1] & 0x80),
            "pi_raw": _index(data[5:]),
        },
    )


def _pair(spo2: int, pulse: int) -> tuple[int | None, int | None]:
    return (None if spo2 == _NO_SPO2 else spo2, None if pulse == _NO_PULSE else pulse)


def _index(data: list[int]) -> int | None:
    index = int.from_bytes(bytes(data), "little")
    return None if index == _NO_INDEX else index


PROTOCOL = SerialProtocol(
    name="cms50_v7",
    title="Contec CMS50D+/E/F finger oximeters, 7D protocol",
    lines=(LineSettings(115200),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take),
    streaming=True,
    aside=aside,
)

QUESTION = Question(
    order=4,
    line=LineSettings(115200),
    write=command(LIVE_STOP) + command(MODEL),
    wanted=lambda event: event.name == "model",
    words="the question for its model",
)
