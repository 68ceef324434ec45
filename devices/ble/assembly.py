"""Joins the values of one measurement that a Bluetooth device sends in several parts. Pure.

A glucose record may be followed by its context (same sequence number), a body composition by its
second packet. A value that waits for its other half is given out alone when that does not come.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from devices.driver import BleCharacteristic, Fields
from devices.protocols import body_composition
from edge.model.clock import Stamp

WAITING_LIMIT = 50
"""Records that wait for their context; the oldest is given out alone when there are more."""

_GLUCOSE, _CONTEXT, _BODY = "2A18", "2A34", "2A9C"
_IN_EVERY_PACKET = frozenset({"unit", "body_fat_pct", "time", "user", "multi_packet"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A value as it came, or the whole of several."""

    at: Stamp
    characteristic: BleCharacteristic
    fields: Fields
    raw: bytes


class Assembly:
    """Feed it pieces in the order they came; it returns what is whole, each piece at most once."""

    def __init__(self) -> None:
        self._records: OrderedDict[object, Piece] = OrderedDict()
        self._body: Piece | None = None

    def feed(self, piece: Piece) -> list[Piece]:
        """Take a piece; return the wholes that it completes."""
        uuid = piece.characteristic.uuid
        if uuid == _GLUCOSE:
            return self._record(piece)
        if uuid == _CONTEXT:
            return self._context(piece)
        if uuid == _BODY and piece.fields.get("multi_packet"):
            return self._packet(piece)
        return [piece]

    def flush(self) -> list[Piece]:
        """Return what still waits: nothing more will come."""
        left = [*self._records.values(), *([self._body] if self._body else [])]
        self._records.clear()
        self._body = None
        return left

    def _record(self, piece: Piece) -> list[Piece]:
        if not piece.fields.get("context_follows"):
            return [piece]
        sequence = piece.fields["seq"]
        out = [self._records.pop(sequence)] if sequence in self._records else []
        self._records[sequence] = piece
        if len(self._records) > WAITING_LIMIT:
            out.append(self._records.popitem(last=False)[1])
        return out

    def _context(self, piece: Piece) -> list[Piece]:
        """Join a context to its record; one without a record says nothing about a patient."""
        record = self._records.pop(piece.fields["seq"], None)
        if record is None:
            return []
        return [_joined(record, piece, {**piece.fields, **record.fields})]

    def _packet(self, piece: Piece) -> list[Piece]:
        first, self._body = self._body, None
        if first is None:
            self._body = piece
            return []
        if _same_measurement(first.fields, piece.fields):
            whole = body_composition.merged((first.fields, piece.fields))
            return [_joined(first, piece, whole)]
        self._body = piece
        return [first]


def _joined(first: Piece, second: Piece, fields: Fields) -> Piece:
    return replace(first, fields=fields, raw=first.raw + second.raw)


def _same_measurement(first: Fields, second: Fields) -> bool:
    """Two packets of one measurement share no field but the common ones, and no differing time."""
    own = first.keys() & second.keys() - _IN_EVERY_PACKET
    times = {fields["time"] for fields in (first, second) if fields.get("time") is not None}
    users = {fields["user"] for fields in (first, second) if fields.get("user") is not None}
    return not own and len(times) <= 1 and len(users) <= 1
