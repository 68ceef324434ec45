"""Health o meter 500KL scales, serial: 9600 8N1, experimental.

`ESC R` begins and `ESC E` ends a message; between them `ESC W` weight, `ESC H` height, `ESC B` BMI,
`ESC N` units: m for kg and cm, c for lb and in. No checksum.
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.observations import UNCHECKED, body
from edge.model.reading import Measurement

_BEGIN, _END = b"\x1bR", b"\x1bE"
_LONGEST = 128
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,2})?")
_NAMES = {"W": "weight", "H": "height", "B": "bmi"}
_UNITS = {"m": (Decimal(1), Decimal(1)), "c": (Decimal("0.45359237"), Decimal("2.54"))}


def measured(event: Event) -> Measurement | None:
    """Return weight and height in kg and cm, to be compared with the scale's display."""
    fields = event.fields
    factors = _UNITS.get(str(fields.get("unit_code")))
    if event.name != "reading" or factors is None:
        return None
    named = (("weight_kg", "weight", factors[0]), ("height_cm", "height", factors[1]))
    return body({to: _times(fields.get(name), by) for to, name, by in named}, (UNCHECKED,))


def _times(value: object, factor: Decimal) -> Decimal | None:
    if not isinstance(value, Decimal):
        return None
    return value if factor == 1 else (value * factor).quantize(Decimal("0.01"))


def _take(buffer: bytearray) -> Step | None:
    if buffer[: len(_BEGIN)] != _BEGIN[: len(buffer)]:
        return skip(1)
    end = buffer.find(_END, len(_BEGIN), _LONGEST)
    restart = buffer.find(_BEGIN, len(_BEGIN), end if end > 0 else _LONGEST)
    if restart > 0:
        return Step(restart, (error("short_frame"),))
    if end < 0:
        return None if len(buffer) < _LONGEST else Step(1, (error("malformed"),))
    text = buffer[len(_BEGIN) : end].decode("latin-1")
    return Step(end + len(_END), (_understand(text),))


def _understand(text: str) -> Event:
    parts = {part[:1]: part[1:].strip() for part in text.split("\x1b") if part}
    numbers = {name: parts[key] for key, name in _NAMES.items() if key in parts}
    possible = all(_NUMBER.fullmatch(number) for number in numbers.values())
    if "weight" not in numbers or not possible or parts.get("N") not in _UNITS:
        return error("malformed")
    fields = {name: Decimal(number) for name, number in numbers.items()}
    return Event("reading", {**fields, "unit_code": parts["N"]})


PROTOCOL = SerialProtocol(
    name="healthometer",
    title="Health o meter 500KL scales",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
