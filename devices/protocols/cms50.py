"""Contec CMS50D+ (firmware up to 4.5), CMS50E/F in their old mode, Berry and "BCI" boards, serial.

19200 8O1 (boards: 4800 or 115200 8N1), never software flow control: 0x11 and 0x13 are data. The
oximeter sends 60 frames of 5 bytes each second; bit 7 marks the first byte and nothing else guards
them. A single frame is therefore never a reading for a patient: see
`devices.recording.stable_value`.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.observations import oximetry
from edge.model.reading import Measurement

_FRAME = 5
_NO_SPO2, _NO_PULSE = 0x7F, 0xFF


def measured_sample(event: Event) -> Measurement | None:
    """Return one sample of SpO2 and pulse; None while the finger is out or the probe searches."""
    fields = event.fields
    if event.name != "reading" or fields["flag_b3_4"] or fields["searching"]:
        return None
    return oximetry(fields)


def _take(buffer: bytearray) -> Step | None:
    if not buffer[0] & 0x80:
        return skip(1)
    end = next((at for at in range(1, min(_FRAME, len(buffer))) if buffer[at] & 0x80), None)
    if end is not None:
        return Step(end, (error("short_frame"),))
    if len(buffer) < _FRAME:
        return None
    return Step(_FRAME, (_frame(bytes(buffer[:_FRAME])),))


def _frame(frame: bytes) -> Event:
    """The two makers name bits 4 and 5 of the first byte differently: they stay raw."""
    signal, pleth, bar, pulse_low, spo2 = frame
    pulse = (bar & 0x40) << 1 | pulse_low
    return Event(
        "reading",
        {
            "spo2": None if spo2 == _NO_SPO2 else spo2,
            "pulse": None if pulse == _NO_PULSE else pulse,
            "pleth": pleth,
            "signal": signal & 0x0F,
            "bar": bar & 0x0F,
            "beep": bool(signal & 0x40),
            "flag_b1_4": bool(signal & 0x10),
            "flag_b1_5": bool(signal & 0x20),
            "flag_b3_4": bool(bar & 0x10),
            "searching": bool(bar & 0x20),
        },
    )


PROTOCOL = SerialProtocol(
    name="cms50_5byte",
    title="Contec CMS50D+ and Berry/BCI finger oximeters, 5-byte stream",
    lines=(LineSettings(19200, parity="O"), LineSettings(4800), LineSettings(115200)),
    decoder=lambda: StepDecoder(_take),
    measured=measured_sample,
    streaming=True,
)
