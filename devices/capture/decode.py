"""Decodes bytes for a technician: bytes in, the decoders' events out, as plain JSON.

The pure core of `healthpost decode`. Names and forms are those of the test vectors: times are ISO
8601 without zone, numbers are numbers, what a device says is invalid is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.driver import DecodeError, Decoder, Event

Json = dict[str, object]

FROM_DEVICE = "device->host"
TO_DEVICE = "host->device"

_ANY_CASE = {uuid.upper(): known for uuid, known in BLE_CHARACTERISTICS.items()}


class DecodeInputError(ValueError):
    """The question was wrong, not the device; `kind` is stable, the text is for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def decode_ble(char: str, hex_text: str) -> Json:
    """Decode one characteristic value: {"char", "fields"}, or {"char", "error"} when refused."""
    characteristic = _ANY_CASE.get(char.upper())
    if characteristic is None:
        known = ", ".join(BLE_CHARACTERISTICS)
        raise DecodeInputError("unknown_characteristic", f"{char!r} is none of {known}")
    try:
        fields = characteristic.decode(_bytes(hex_text))
    except DecodeError as refused:
        return {"char": characteristic.uuid, "error": refused.kind}
    return {"char": characteristic.uuid, "fields": plain(fields)}


def decode_serial(protocol: str, chunks: Sequence[str], direction: str = FROM_DEVICE) -> Json:
    """Decode serial bytes, chunk by chunk: {"protocol", "events", "pending_bytes"}."""
    decoder = _decoder(protocol, direction)
    data = [_bytes(chunk) for chunk in chunks]
    events = [event_json(event) for chunk in data for event in decoder.feed(chunk)]
    return {"protocol": protocol, "events": events, "pending_bytes": decoder.pending}


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
    return decode_serial(_text(line, "protocol"), chunks, direction)


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
    try:
        return bytes.fromhex(hex_text)
    except ValueError as wrong:
        raise DecodeInputError("bad_hex", f"{hex_text!r} is not hexadecimal: {wrong}") from None


def _text(line: Mapping[str, object], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str):
        raise DecodeInputError("bad_line", f'"{key}" must be a string')
    return value
