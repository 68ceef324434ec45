"""A&D scales, "standard format", and the many indicators that speak it: serial.

2400 7E1 as delivered, often set to 9600 8N1. `ST,+001234.5  g`: state, signed number, unit. No
checksum. Only a stable weight is a reading; on overload the digits are all nines.
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import StepDecoder, error, lines
from devices.protocols.observations import UNCHECKED, body
from edge.model.reading import Measurement

_LONGEST = 64
_LINE = re.compile(
    r"(?P<state>ST|US|OL|QT),(?:(?:GS|NT),)?(?P<sign>[+-]) *(?P<number>\d{1,8}(?:\.\d{1,7})?)"
    r" *(?P<unit>[A-Za-z%]{1,3})"
)
_KG = {"kg": Decimal(1), "g": Decimal("0.001"), "lb": Decimal("0.45359237")}


def measured(event: Event) -> Measurement | None:
    """Return a stable weight in kg, to be compared with the scale's display."""
    fields = event.fields
    factor = _KG.get(str(fields.get("unit")))
    value = fields.get("value")
    if event.name != "reading" or not fields["stable"] or factor is None:
        return None
    if not isinstance(value, Decimal):
        return None
    kilograms = value * factor
    exact = kilograms if fields["unit"] != "lb" else kilograms.quantize(Decimal("0.01"))
    return body({"weight_kg": exact}, (UNCHECKED,))


def _understand(line: str) -> tuple[Event, ...]:
    match = _LINE.fullmatch(line.strip(" "))
    if match is None:
        return (error("malformed"),)
    if match["state"] == "OL":
        return (error("overload"),)
    value = Decimal(match["sign"] + match["number"])
    fields = {"value": value, "unit": match["unit"], "stable": match["state"] == "ST"}
    return (Event("reading", fields),)


PROTOCOL = SerialProtocol(
    name="ad_scale",
    title="A&D scales and compatible indicators",
    lines=(LineSettings(2400, bits=7, parity="E"), LineSettings(9600)),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
)
