"""What a box would record of decoded bytes, by the functions of the live path. Pure.

One value or one run of bytes stands alone here: nobody knows what came before, when it came and
which device sent it. So a stream's sample counts as if it had been held, and one run of samples
with a finger in gives one reading; what only a device's former values could tell is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from devices.ble.assembly import Assembly, Piece
from devices.ble.broadcasts import Broadcasts
from devices.catalogue import serial_models
from devices.catalogue.serial_protocols import serial_row, session_for
from devices.driver import BleCharacteristic, Event, Fields, SerialProtocol
from devices.model import Model
from devices.protocols import taidoc_51
from devices.protocols.laboratory import Site
from devices.recording import meter_range
from devices.recording.recorder import Refusal
from devices.recording.stable_value import Agreement, Stability
from edge.model.clock import ClockQuality, Stamp
from edge.model.reading import Measurement
from edge.rules import plausibility

_HELD = Stability(hold_ms=0, out_ms=0, least_samples=1)
_NO_TIME = Stamp(0, 0, 0, ClockQuality.FLOOR)
_UNREAD_RECORD = Refusal("no-measurement", "this record holds no value that a box reads")
_BROADCAST_FIELDS = frozenset({"stabilized", "removed"})


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """The readings, why others were refused (kind and text), and what the box would answer.

    `controls` were measured of control material, and are filed as the device's own.
    """

    readings: tuple[Measurement, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    answers: tuple[bytes, ...] = ()
    controls: tuple[Measurement, ...] = ()


def of_characteristic(
    characteristic: BleCharacteristic, fields: Fields, raw: bytes
) -> RecordingResult:
    """Return what one value of a GATT characteristic, or one advertisement, would leave behind."""
    if fields.keys() >= _BROADCAST_FIELDS:
        return _judged([Broadcasts().feed("", characteristic, raw, 0.0)])
    control = characteristic.control(fields) if characteristic.control else None
    if control is not None:
        return RecordingResult(controls=(control,))
    assembly = Assembly()
    pieces = assembly.feed(Piece(_NO_TIME, characteristic, fields, raw)) + assembly.flush()
    return _judged([piece.characteristic.measured(piece.fields) for piece in pieces])


def of_events(protocol: SerialProtocol, events: Iterable[Event], site: Site) -> RecordingResult:
    """Return what a serial device's events would leave behind; `site` is of an analyser."""
    row = serial_row(protocol.name)
    if row is not None and row.analyser is not None:
        return _of_analyser(protocol.name, events, site)
    if not protocol.streaming:
        return _of_memory(protocol, list(events))
    agreement = Agreement(_HELD)
    found = []
    for now_ms, event in enumerate(event for event in events if event.name != "error"):
        measured = protocol.measured(event)
        found.append(measured if protocol.aside(event) else agreement.feed(now_ms, measured))
    return _judged(found)


def _of_memory(protocol: SerialProtocol, events: list[Event]) -> RecordingResult:
    meter = _meter(protocol.name)
    found: list[Measurement | Refusal | None] = [protocol.measured(event) for event in events]
    controls = [protocol.control(event) for event in events]
    if protocol is taidoc_51.PROTOCOL:  # a record means what the model measures
        patients, material, unread = taidoc_51.kept_records(events)
        found += [*patients, *[_UNREAD_RECORD] * unread]
        controls += material
    filed = tuple(meter_range.control(c, meter) for c in controls if c is not None)
    return replace(_judged(found, meter), controls=filed)


def _of_analyser(protocol: str, events: Iterable[Event], site: Site) -> RecordingResult:
    session = session_for(protocol, site)
    assert session is not None
    turns = [session.start(0), *(session.on_event(event, 0) for event in events)]
    judged = _judged([measured for turn in turns for measured in turn.measured])
    failed = tuple((one.kind, one.text) for turn in turns for one in turn.refused)
    filed = tuple(control for turn in turns for control in turn.controls)
    answers = tuple(turn.write for turn in turns if turn.write)
    return RecordingResult(judged.readings, judged.refused + failed, answers, filed)


def _meter(protocol: str) -> Model | None:
    """Return the glucose meter that speaks a protocol; several share none of their limits."""
    meters = [model for model in serial_models(protocol) if model.glucose_range is not None]
    return meters[0] if len(meters) == 1 else None


def _judged(
    found: Iterable[Measurement | Refusal | None], model: Model | None = None
) -> RecordingResult:
    """Part what was measured into what is possible and what no meter or person can have."""
    readings, refused = [], []
    for answer in found:
        if answer is None:
            continue
        measured = answer if isinstance(answer, Refusal) else meter_range.judged(answer, model)
        if isinstance(measured, Refusal):
            refused.append((measured.kind, measured.text))
            continue
        measured = plausibility.without_impossible(measured)
        why = plausibility.refusal(measured)
        if why is None:
            readings.append(measured)
        else:
            refused.append((why.kind, why.text))
    return RecordingResult(tuple(readings), tuple(refused))
