"""Tanita SC-240, SC-330, BC-420, WB-3000, BD-815, MC-780: scales, serial.

9600 8N1, one line of key,value pairs when done. `CS` is the sum of all bytes from the brace to the
comma before it, as two upper-case hexadecimal digits. Only the baby scales BD-815U and BD-815MA
have none and call themselves "BD-815"; elsewhere a line without it is refused, or one wrong byte in
the mark "CS" would switch the check off. Two keys of a BD-815 send what it remembers: a former
weight (Rg) and the gain since then (Gg), which nobody measured now.
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import StepDecoder, error, lines, sum8
from devices.protocols.observations import UNCHECKED, body
from edge.model.reading import Measurement

_LONGEST = 2048
_CHECKED = re.compile(r"(?P<body>\{.*,)CS,(?P<sum>[0-9A-F]{2})")
_START = "{0,16,"
_WITHOUT_CHECKSUM = re.compile(r"BD-815[A-Z]{0,2}")
_REMEMBERED = re.compile(r"(Gg,-?\d{1,5},)?Rg,\d{3,5}")
_NUMBER = re.compile(r"\d{1,5}(\.\d{1,2})?")
_NAMES = {
    "Wk": "weight_kg",
    "Wp": "weight_lb",
    "Wg": "weight_g",
    "Hm": "height_cm",
    "MI": "bmi",
    "FW": "fat_pct",
}
_WEIGHTS = frozenset({"weight_kg", "weight_lb", "weight_g"})
_KG_PER_LB = Decimal("0.45359237")


def measured(event: Event) -> Measurement | None:
    """Return weight and body fat. The height stays out: it was typed at the scale."""
    if event.name != "reading":
        return None
    doubts = (UNCHECKED,) if _is_unchecked(event.fields.get("model")) else ()
    known = {"weight_kg": _kilograms(event), "fat_pct": event.fields.get("fat_pct")}
    return body(known, doubts)


def _is_unchecked(model: object) -> bool:
    return _WITHOUT_CHECKSUM.fullmatch(str(model)) is not None


def _kilograms(event: Event) -> object:
    grams, pounds = event.fields.get("weight_g"), event.fields.get("weight_lb")
    if isinstance(grams, Decimal):
        return grams / 1000
    if isinstance(pounds, Decimal):
        return (pounds * _KG_PER_LB).quantize(Decimal("0.01"))
    return event.fields.get("weight_kg")


def _understand(line: str) -> tuple[Event, ...]:
    """The WB-3000 emits a stray byte after its data, so noise may stand before the brace."""
    start = line.find(_START)
    if _REMEMBERED.fullmatch(line):
        return (Event("status", {"remembered": True}),)
    if start < 0:
        return (error("malformed"),) if line.isprintable() else ()
    return (_result(line[start:]),)


def _result(text: str) -> Event:
    match = _CHECKED.fullmatch(text)
    fields = _fields(match["body"] if match else text)
    if match and sum8(match["body"].encode("latin-1")) != int(match["sum"], 16):
        return error("bad_checksum")
    if match is None and (fields is None or not _is_unchecked(fields.get("model"))):
        return error("missing_checksum")
    weighed = fields is not None and _WEIGHTS.intersection(fields)
    return Event("reading", fields or {}) if weighed else error("malformed")


def _fields(text: str) -> dict[str, object] | None:
    tokens = text.strip("{,").split(",")
    if len(tokens) % 2:
        return None
    pairs = dict(zip(tokens[::2], tokens[1::2], strict=True))
    fields: dict[str, object] = {"model": pairs.get("MO", "").strip('"')}
    for key, name in _NAMES.items():
        if key in pairs:
            if not _NUMBER.fullmatch(pairs[key]):
                return None
            fields[name] = Decimal(pairs[key])
    return fields


PROTOCOL = SerialProtocol(
    name="tanita_csv",
    title="Tanita scales and body composition analysers",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
)
