"""TaiDoc 0x51: TD-42xx glucose, TD-3128/3140 pressure, TD-1241/1261 temperature, TD-82xx oximeters.

Sold as FORA, GlucoRx and others. 19200 8N1 behind a CP2102 (some CP2110, a HID device), polled with
frames of 8 bytes: `51 command p0 p1 p2 p3 direction sum`. The same record means another thing on
each kind of meter, so the model (command 24) decides how a record is read. Command 52 erases a
meter's memory; there is no way to build it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from devices.driver import Event, LineSettings, Question, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.observations import glucose, ketone, number, oximetry, pressure
from edge.model.reading import Code, Kind, Measurement, Value

CONNECT, CLOCK, MODEL, RECORD_TIME, RECORD_VALUE = 0x22, 0x23, 0x24, 0x25, 0x26
SERIAL_LOW, SERIAL_HIGH, COUNT, SPO2_LIVE, ENTERED = 0x27, 0x28, 0x2B, 0x49, 0x54
"""`ENTERED` comes unasked when a meter enters its communication mode: ask again."""

_ALLOWED = frozenset(
    {CONNECT, CLOCK, MODEL, RECORD_TIME, RECORD_VALUE, SERIAL_LOW, SERIAL_HIGH, COUNT, SPO2_LIVE}
)
_START, _FRAME = 0x51, 8
_TO_DEVICE, _FROM_DEVICE = 0xA3, 0xA5

KINDS: Mapping[int, Kind] = {
    3128: Kind.BLOOD_PRESSURE,
    3140: Kind.BLOOD_PRESSURE,
    1241: Kind.TEMPERATURE,
    1261: Kind.TEMPERATURE,
    1035: Kind.TEMPERATURE,
    8201: Kind.OXIMETRY,
    8255: Kind.OXIMETRY,
}
"""What the other models measure is glucose when their number begins with 4."""

_CONTROL_SOLUTION = 3
_GLUCOSE, _KETONE, _URIC_ACID, _CHOLESTEROL, _HAEMOGLOBIN = 0, 7, 8, 9, 11
_ANALYTES = {
    _URIC_ACID: (Code.URIC_ACID, Decimal("0.1"), "mg/dL"),
    _CHOLESTEROL: (Code.CHOLESTEROL, Decimal(1), "mg/dL"),
    _HAEMOGLOBIN: (Code.HAEMOGLOBIN, Decimal("0.1"), "g/dL"),
}
_KETONE_STEPS = 30
"""A ketone is stored as mmol/L times 30 (tidepool uploader 1516; advmeds-bluetooth-lib)."""
_MEALS = {1: "before_meal", 2: "after_meal"}


def command(code: int, record: int = 0) -> bytes:
    """Return a reading command; `record` numbers the meter's memory, 0 is the newest."""
    if code not in _ALLOWED:
        raise ValueError(f"no command that a box sends: {code:02x}")
    body = bytes((_START, code)) + record.to_bytes(2, "little") + bytes((0, 0, _TO_DEVICE))
    return body + bytes((sum8(body),))


def model(payload: bytes) -> int:
    """Return the model number of a reply to `MODEL`: binary-coded decimals, low byte first."""
    return int(f"{payload[1]:02x}{payload[0]:02x}") if payload[:2].hex().isdigit() else 0


def kind_of(model_number: int) -> Kind | None:
    """Return what a model measures, None when that is not known."""
    known = KINDS.get(model_number)
    return Kind.GLUCOSE if known is None and model_number // 1000 == 4 else known


def record_time(payload: bytes) -> datetime | None:
    """Return the time of a record or the clock: day word, minute, hour; high bits carry flags."""
    day = int.from_bytes(payload[:2], "little")
    try:
        return datetime(  # noqa: DTZ001 device clock
            2000 + (day >> 9), day >> 5 & 0x0F, day & 0x1F, payload[3] & 0x1F, payload[2] & 0x3F
        )
    except ValueError:
        return None


def record(kind: Kind, time: datetime | None, payload: bytes) -> Measurement | None:
    """Return what a record of a meter of this kind measured, see `is_control` for whom."""
    if kind is Kind.GLUCOSE:
        return _strip(time, payload)
    low = int.from_bytes(payload[:2], "little")
    if kind is Kind.BLOOD_PRESSURE:
        fields = {"sys": low, "dia": payload[2], "pulse": payload[3], "device_time": time}
        return pressure(fields, stored=True)
    if kind is Kind.TEMPERATURE and low:
        celsius = Decimal(low).scaleb(-2 if low >= 1000 else -1)
        return Measurement(
            kind, (Value(Code.TEMPERATURE, celsius, "Cel"),), device_time=time, stored=True
        )
    if kind is Kind.OXIMETRY:
        return oximetry({"spo2": low, "pulse": payload[3], "device_time": time}, stored=True)
    return None


def is_control(kind: Kind, payload: bytes) -> bool:
    """Whether a record is of control solution, which is no patient's."""
    return kind is Kind.GLUCOSE and payload[3] >> 6 == _CONTROL_SOLUTION


def kept_records(events: Iterable[Event]) -> tuple[list[Measurement], list[Measurement], int]:
    """Return the records in these frames, of patients and of control solution, and how many others.

    Each frame of a value takes the time of the frame before it. Without the meter's answer to
    `MODEL` a record is taken for a strip of a TD-42xx, which most of these meters read.
    """
    kind: Kind | None = Kind.GLUCOSE
    time: datetime | None = None
    found: tuple[list[Measurement], list[Measurement]] = ([], [])
    unread = 0
    for event in events:
        if event.name != "packet" or event.fields["to_device"]:
            continue
        payload = bytes.fromhex(str(event.fields["payload"]))
        code = event.fields["cmd"]
        kind = kind_of(model(payload)) if code == MODEL else kind
        kept = record(kind, time, payload) if kind and code == RECORD_VALUE else None
        time = record_time(payload) if code == RECORD_TIME else None
        if kind and kept is not None:
            found[is_control(kind, payload)].append(kept)
        elif code == RECORD_VALUE:
            unread += 1
    return *found, unread


def measured(event: Event) -> Measurement | None:
    """Return a live oximeter sample; records need their meter's kind, see `record`."""
    fields = event.fields
    if event.name != "packet" or fields["to_device"] or fields["cmd"] != SPO2_LIVE:
        return None
    payload = bytes.fromhex(str(fields["payload"]))
    return oximetry({"spo2": payload[0], "pulse": payload[3]})


def _strip(time: datetime | None, payload: bytes) -> Measurement | None:
    """Meal in bits 7-6 and analyte in bits 5-2 of the last byte."""
    value = int.from_bytes(payload[:2], "little")
    meal, analyte = payload[3] >> 6, payload[3] >> 2 & 0x0F
    doubts = (_MEALS[meal],) if meal in _MEALS else ()
    if analyte == _GLUCOSE:
        return glucose({"glucose_mgdl": value, "device_time": time}, doubts)
    if analyte == _KETONE:
        return ketone(Decimal(value) / _KETONE_STEPS, time, doubts)
    found = number(value)
    if found is None or analyte not in _ANALYTES:
        return None
    code, factor, unit = _ANALYTES[analyte]
    values = (Value(code, found * factor, unit),)
    return Measurement(Kind.LABORATORY, values, device_time=time, quality=doubts, stored=True)


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _START:
        return skip(1)
    if len(buffer) < _FRAME:
        return None
    frame = bytes(buffer[:_FRAME])
    if sum8(frame[:-1]) != frame[-1]:
        return Step(1, (error("bad_checksum"),))
    if frame[6] not in (_TO_DEVICE, _FROM_DEVICE):
        return Step(1, (error("malformed"),))
    fields = {
        "to_device": frame[6] == _TO_DEVICE,
        "cmd": frame[1],
        "payload": frame[2:6].hex(),
    }
    return Step(_FRAME, (Event("packet", fields),))


PROTOCOL = SerialProtocol(
    name="taidoc_51",
    title="TaiDoc, FORA and GlucoRx meters",
    lines=(LineSettings(19200),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take),
)

QUESTION = Question(
    order=2,
    line=LineSettings(19200),
    write=command(MODEL),
    wanted=lambda event: (
        event.name == "packet" and not event.fields["to_device"] and event.fields["cmd"] == MODEL
    ),
    words="the question for its model",
    tries=2,
)
