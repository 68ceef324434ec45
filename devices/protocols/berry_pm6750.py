"""Berry PM6750, PM6100 multi-parameter boards (ECG, SpO2, blood pressure, temperature): serial.

115200 8N1 or USB CDC. `55 AA n type content sum`: n counts itself, type, content and sum, and the
sum is the ones' complement of their sum. Pressures come in the order systolic, mean, diastolic.
Starting a blood pressure inflates a cuff: only on a person's action.
"""

from __future__ import annotations

from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.observations import oximetry, pressure
from edge.model.reading import Measurement

_START = b"\x55\xaa"
_HEAD = 3
_LEAST, _MOST = 3, 64
_ECG, _NIBP, _SPO2, _TEMPERATURE, _WAVES = 0x02, 0x03, 0x04, 0x05, (0xFE, 0xFF)
_SIZES = {_ECG: 5, _NIBP: 5, _SPO2: 3, _TEMPERATURE: 3}
_DONE, _BUSY = 0, 1
_NO_SPO2, _NO_PULSE = 0x7F, 0xFF


def start_pressure() -> bytes:
    """Return the command that inflates the cuff."""
    return _packet(0x02, 0x01)


def stop_pressure() -> bytes:
    """Return the command that stops and deflates; also when the port closes."""
    return _packet(0x02, 0x00)


def enable_oximeter() -> bytes:
    """Return the command that turns the SpO2 packets on."""
    return _packet(0x03, 0x01)


def measured(event: Event) -> Measurement | None:
    """Return a blood pressure, or one oximeter sample of a finger that is in.

    Temperature and heart rate come several times a second without an end: they are shown to the
    technician and are no reading.
    """
    if event.name != "reading":
        return None
    if "sys" in event.fields:
        return pressure(event.fields)
    return oximetry(event.fields) if event.fields.get("status") == 0 else None


def aside(event: Event) -> bool:
    """Whether an event is no sample of the oximeter; ECG, temperature and the cuff are not."""
    return event.name != "reading" or "spo2" not in event.fields


def _packet(kind: int, parameter: int) -> bytes:
    body = bytes((0x04, kind, parameter))
    return _START + body + bytes((~sum8(body) & 0xFF,))


def _take(buffer: bytearray) -> Step | None:
    return _take_packet(buffer, to_device=False)


def _take_command(buffer: bytearray) -> Step | None:
    return _take_packet(buffer, to_device=True)


def _take_packet(buffer: bytearray, to_device: bool) -> Step | None:
    if len(buffer) < _HEAD:
        return None
    if buffer[: len(_START)] != _START:
        return skip(1)
    size = buffer[2]
    if not _LEAST <= size <= _MOST:
        return Step(1, (error("bad_length"),))
    end = len(_START) + size
    if len(buffer) < end:
        return None
    body = bytes(buffer[2 : end - 1])
    if ~sum8(body) & 0xFF != buffer[end - 1]:
        return Step(1, (error("bad_checksum"),))
    if to_device:
        return Step(end, (Event("command", {"code": body[1:].hex()}),))
    return Step(end, _understand(body[1], body[2:]))


def _understand(kind: int, content: bytes) -> tuple[Event, ...]:
    if kind in _WAVES:
        return ()
    if len(content) < _SIZES.get(kind, 0):
        return (error("bad_length"),)
    if kind == _SPO2:
        return (_spo2(content),)
    if kind == _NIBP:
        return (_pressure(content),)
    if kind == _TEMPERATURE:
        return (_temperature(content),)
    if kind == _ECG:
        names = ("status", "pulse", "resp", "st", "arrhythmia")
        return (Event("ecg", dict(zip(names, content, strict=False))),)
    return (Event("packet", {"type": kind, "data": content.hex()}),)


def _spo2(content: bytes) -> Event:
    status, spo2, pulse = content[:3]
    fields = {
        "spo2": None if spo2 == _NO_SPO2 else spo2,
        "pulse": None if pulse == _NO_PULSE else pulse,
        "status": status,
    }
    return Event("reading", fields)


def _pressure(content: bytes) -> Event:
    """The cuff pressure of a running measurement is sent halved, to fit a byte."""
    status = content[0] >> 2 & 0x0F
    if status == _DONE:
        return Event("reading", {"sys": content[2], "map": content[3], "dia": content[4]})
    if status == _BUSY:
        return Event("cuff", {"pressure": content[1] * 2})
    return error("device_error", code=status)


def _temperature(content: bytes) -> Event:
    status, whole, tenths = content[:3]
    value = Decimal(whole * 10 + tenths).scaleb(-1) if status == 0 and tenths < 10 else None
    return Event("reading", {"temperature": value, "status": status})


PROTOCOL = SerialProtocol(
    name="berry_pm6750",
    title="Berry PM6750/PM6100 multi-parameter board",
    lines=(LineSettings(115200),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take_command),
    streaming=True,
    aside=aside,
)
