"""G-Tech GL-150, GL-310 height and weight stations, serial: 9600 8N1, experimental.

Either labelled printer text ended by `1B 54 00`, or `STX height,weight,..,..,BMI ETX`. No checksum.
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error
from devices.protocols.observations import UNCHECKED, body
from edge.model.reading import Measurement

_LONGEST = 1024
_END = re.compile(rb"\x1bT\x00|\x03")
_NUMBER = r"(\d{1,3}(?:\.\d{1,2})?)"
_LABELS = (
    ("weight_kg", re.compile(r"^WEIGHT +-+ +" + _NUMBER + " kg", re.MULTILINE)),
    ("height_cm", re.compile(r"^HEIGHT +-+ +" + _NUMBER + " cm", re.MULTILINE)),
    ("bmi", re.compile(r"^B *M *I +-+ +" + _NUMBER, re.MULTILINE)),
)
_LIST = re.compile(rf"\x02{_NUMBER},{_NUMBER},[^,]*,[^,]*,{_NUMBER}")


def measured(event: Event) -> Measurement | None:
    """Return weight and measured height, to be compared with the station's display."""
    return body(event.fields, (UNCHECKED,)) if event.name == "reading" else None


def _take(buffer: bytearray) -> Step | None:
    end = _END.search(buffer, 0, _LONGEST)
    if end is None:
        return Step(_LONGEST, (error("malformed"),)) if len(buffer) >= _LONGEST else None
    return Step(end.end(), (_understand(buffer[: end.start()].decode("latin-1")),))


def _understand(text: str) -> Event:
    listed = _LIST.search(text)
    if listed:
        names = ("height_cm", "weight_kg", "bmi")
        found = zip(names, listed.groups(), strict=True)
        return Event("reading", {name: Decimal(number) for name, number in found})
    matches = [(name, shape.search(text.replace("\r", ""))) for name, shape in _LABELS]
    fields = {name: Decimal(match[1]) for name, match in matches if match}
    return Event("reading", fields) if "weight_kg" in fields else error("malformed")


PROTOCOL = SerialProtocol(
    name="gtech_gl310",
    title="G-Tech height and weight stations",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
