"""Decodes bytes for a technician: bytes in, the decoders' events out, as plain JSON.

The pure core of `healthpost decode`. Names and forms are those of the test vectors: times are ISO
8601 without zone, numbers are numbers, what a device says is invalid is null. Beside them stands
what a box would record ("readings"), and why it would refuse a value ("refused").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from string import hexdigits

from devices.capture import recorded
from devices.capture.recorded import RecordingResult
from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.driver import DecodeError, Decoder, Event
from devices.protocols.laboratory import Site, Test
from devices.protocols.laboratory_places import wrong_setting
from edge.model.coded_results import BY_WORD
from edge.model.reading import CodedValue, Measurement, Value

Json = dict[str, object]

FROM_DEVICE = "device->host"
TO_DEVICE = "host->device"

_SHOWN = 40
_ERRORS = {"truncated": "it ends before all that it announces", "checksum": "its checksum differs"}
_MAP_ROW = ("code", "unit")
_ANY_CASE = {uuid.upper(): known for uuid, known in BLE_CHARACTERISTICS.items()}


class DecodeInputError(ValueError):
    """The question was wrong, not the device; `kind` is stable, the text is for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def decode_ble(char: str, hex_text: str) -> Json:
    """Decode one characteristic value: {"char", "fields"}, or {"char", "error"}; and "readings"."""
    characteristic = _ANY_CASE.get(char.upper())
    if characteristic is None:
        known = ", ".join(BLE_CHARACTERISTICS)
        raise DecodeInputError("unknown_characteristic", f"{char!r} is none of {known}")
    raw = _bytes(hex_text)
    try:
        fields = characteristic.decode(raw)
    except DecodeError as refused:
        return {"char": characteristic.uuid, "error": refused.kind, "readings": []}
    found = recorded.of_characteristic(characteristic, fields, raw)
    return {"char": characteristic.uuid, "fields": plain(fields), **recorded_json(found)}


def decode_serial(
    protocol: str,
    chunks: Sequence[str],
    direction: str = FROM_DEVICE,
    site: Site | None = None,
) -> Json:
    """Decode serial bytes, chunk by chunk: {"protocol", "events", "pending_bytes", "readings"}.

    `site` is what was written down for an analyser; its answers are in "answers".
    """
    decoder = _decoder(protocol, direction)
    data = [_bytes(chunk) for chunk in chunks]
    events = [event for chunk in data for event in decoder.feed(chunk)]
    found = RecordingResult()
    if direction == FROM_DEVICE:
        found = recorded.of_events(SERIAL_PROTOCOLS[protocol], events, site or Site())
    return {
        "protocol": protocol,
        "events": [event_json(event) for event in events],
        "pending_bytes": decoder.pending,
        **recorded_json(found),
    }


def decode_line(line: object) -> Json:
    """Decode one object of a JSON Lines file, BLE or serial by its keys."""
    if not isinstance(line, Mapping):
        raise DecodeInputError("bad_line", "each line must be a JSON object")
    if "char" in line:
        return decode_ble(_text(line, "char"), _text(line, "hex"))
    if "protocol" not in line:
        raise DecodeInputError("bad_line", 'an object needs "char" and "hex", or "protocol"')
    chunks = line.get("chunks")
    if not isinstance(chunks, list) or not all(isinstance(chunk, str) for chunk in chunks):
        raise DecodeInputError("bad_line", '"chunks" must be a list of hex strings')
    direction = _text(line, "direction") if "direction" in line else FROM_DEVICE
    return decode_serial(_text(line, "protocol"), chunks, direction, site_of(line))


def site_of(line: Mapping[str, object]) -> Site:
    """Return what a line says of an analyser: "map", "encoding", "sample", "time", "controls"."""
    encoding = _text(line, "encoding") if "encoding" in line else ""
    sample, time, controls = (_texts(line, key) for key in ("sample", "time", "controls"))
    site = Site(tests_of(line.get("map")), encoding, sample, time, controls)
    wrong = wrong_setting(site)
    if wrong:
        raise DecodeInputError("bad_setting", wrong)
    return site


def tests_of(rows: object) -> Mapping[str, Test]:
    """Return a map of tests: each code of the analyser's with its LOINC code and unit."""
    if rows is None:
        return {}
    if not isinstance(rows, Mapping):
        raise DecodeInputError("bad_map", '"map" must be an object: {"^^^HB": ["718-7", "g/dL"]}')
    tests = {}
    for name, row in rows.items():
        if not (isinstance(row, list) and len(row) == len(_MAP_ROW) and all(map(_is_text, row))):
            reason = f'the test {name!r} needs a LOINC code and a unit: ["718-7", "g/dL"]'
            raise DecodeInputError("bad_map", reason)
        tests[str(name)] = Test(*row)
    return tests


def not_understood(answer: Json) -> str:
    """Return why an answer explains nothing of its bytes, or an empty text."""
    if "error" in answer:
        why = str(answer["error"])
        return f"this is no value of {answer['char']}: {_ERRORS.get(why, why)}"
    events = answer.get("events", [])
    understood = isinstance(events, list) and any(row["event"] != "error" for row in events)
    if "char" in answer or understood:
        return ""
    if answer.get("pending_bytes"):
        return f"the frame is not whole: {answer['pending_bytes']} bytes wait for its rest"
    return f"no whole frame of {answer['protocol']} is in these bytes"


def recorded_json(found: RecordingResult) -> Json:
    """Return what would be recorded: {"readings"}, with "refused" and "answers" when there are."""
    answer: Json = {"readings": [_reading_json(measured) for measured in found.readings]}
    if found.refused:
        answer["refused"] = [{"kind": kind, "text": text} for kind, text in found.refused]
    if found.controls:
        answer["controls"] = [_reading_json(measured) for measured in found.controls]
    if found.answers:
        answer["answers"] = [sent.hex() for sent in found.answers]
    return answer


def _reading_json(measured: Measurement) -> Json:
    return {
        "kind": str(measured.kind),
        "values": [
            *(_value_json(value) for value in measured.values),
            *(_coded_json(value) for value in measured.coded),
        ],
        "time": plain(measured.device_time),
        "record": measured.record,
        "user": measured.user,
        "quality": list(measured.quality),
        **({"found": list(measured.found)} if measured.found else {}),
    }


def _coded_json(value: CodedValue) -> Json:
    row = BY_WORD[value.word]
    return {
        "code": str(value.code),
        "value": row.label,
        "unit": "",
        "comparator": "",
        "coded": value.word,
        "snomed": row.snomed,
    }


def _value_json(value: Value) -> Json:
    return {
        "code": str(value.code),
        "value": str(value.value),
        "unit": value.unit,
        "comparator": value.comparator,
    }


def event_json(event: Event) -> Json:
    """Return an event as {"event": name, ...fields}."""
    return {"event": event.name, **{name: plain(value) for name, value in event.fields.items()}}


def plain(value: object) -> object:
    """Return a decoded value in JSON's own types."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value


def _decoder(name: str, direction: str) -> Decoder:
    protocol = SERIAL_PROTOCOLS.get(name)
    if protocol is None:
        known = ", ".join(SERIAL_PROTOCOLS)
        raise DecodeInputError("unknown_protocol", f"{name!r} is none of {known}")
    if direction == FROM_DEVICE:
        return protocol.decoder()
    if direction != TO_DEVICE:
        raise DecodeInputError(
            "bad_direction", f"{direction!r} is neither {FROM_DEVICE!r} nor {TO_DEVICE!r}"
        )
    if protocol.explain is None:
        raise DecodeInputError("no_commands", f"nothing is ever sent to a {name} device")
    return protocol.explain()


def _bytes(hex_text: str) -> bytes:
    digits = "".join(hex_text.split())
    other = next((digit for digit in digits if digit not in hexdigits), None)
    if other is not None:
        raise DecodeInputError(
            "bad_hex", f"{other!r} in {_short(hex_text)} is no hexadecimal digit"
        )
    if len(digits) % 2:
        reason = f"{_short(hex_text)} ends in the middle of a byte: a byte is two digits"
        raise DecodeInputError("bad_hex", reason)
    return bytes.fromhex(digits)


def _texts(line: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = line.get(key, [])
    if not isinstance(value, list) or not all(map(_is_text, value)):
        raise DecodeInputError("bad_line", f'"{key}" must be a list of texts')
    return tuple(value)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _text(line: Mapping[str, object], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str):
        raise DecodeInputError("bad_line", f'"{key}" must be a string')
    return value
