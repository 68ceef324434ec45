"""Takes readings out of advertisements, for scales that broadcast their weight. Pure.

The same weight is repeated many times, before and after the person stepped off. One act of
weighing gives one reading: the first settled value after the scale was seen unsettled or empty.
What the scale says is a thing, not a person, is refused, once an act too.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.driver import BleCharacteristic, Fields
from devices.recording.recorder import Refusal
from edge.model.reading import Measurement

SCALES_LIMIT = 50
NEW_ACT_S = 30.0
"""A different settled value after such a silence is a new act, though its beginning was missed."""


OBJECT = Refusal("object", "the scale weighed a thing, not a person")


@dataclass(frozen=True, slots=True)
class _Scale:
    armed: bool = True
    delivered: Fields | None = None
    heard_s: float = 0.0


class Broadcasts:
    """Feed it every advertisement of a scale; it returns at most one answer per act."""

    def __init__(self) -> None:
        self._scales: dict[str, _Scale] = {}

    def __len__(self) -> int:
        return len(self._scales)

    def feed(
        self, address: str, characteristic: BleCharacteristic, raw: bytes, now_s: float
    ) -> Measurement | Refusal | None:
        """Take one advertisement; raises `DecodeError`."""
        fields = characteristic.decode(raw)
        known = self._scales.pop(address, _Scale(heard_s=now_s))
        silent = now_s - known.heard_s >= NEW_ACT_S
        settled = bool(fields["stabilized"]) and not fields["removed"]
        differs = _act(fields) != (known.delivered and _act(known.delivered))
        measured: Measurement | Refusal | None = None
        if settled and (known.armed or (silent and differs)):
            measured = OBJECT if fields.get("object") else characteristic.measured(fields)
        if measured is not None:
            known = _Scale(False, fields, now_s)
        else:
            known = _Scale(known.armed or not settled, known.delivered, now_s)
        self._scales[address] = known
        if len(self._scales) > SCALES_LIMIT:
            del self._scales[next(iter(self._scales))]
        return measured


def _act(fields: Fields) -> tuple[object, ...]:
    return fields["unit"], fields["weight"], fields["time"]
