"""Takes identities out of the captures of scales that send a name, a number or an age."""

from __future__ import annotations

import re

from devices.deidentify.text import MaskedBytes, MaskedFrame, blank, by_parts, by_pattern
from devices.protocols.framing import sum8

_TANITA = re.compile(
    rb"(?<![^\r\n])(?P<remembered>(?:Gg,-?\d{1,5},)?Rg,\d{3,5})(?=[\r\n]|\Z)"
    rb"|(?P<noise>[^{\r\n]*)(?P<body>\{0,16,[^\r\n]*?)(?P<check>,CS,[0-9A-F]{2})?(?=[\r\n]|\Z)"
)
_TANITA_KEYS = frozenset(
    b"{0 ~0 ~1 ~2 MO SN Da DT TI Bt GE AG Hm Hf AL Pt Wk Wp Wg FW fW MW mW sW bW wW ww MI Sw OV IF"
    b" rb rB rJ rA ZF".split()
)
"""Keys whose values say who somebody is in no other way than their body does."""


def mask_tanita(data: bytes) -> MaskedBytes:
    """Blank the ID and every value of an unknown key; the check sum is made anew."""
    return by_pattern(data, _TANITA, _tanita_line)


def _tanita_line(line: re.Match[bytes]) -> MaskedFrame | None:
    if line["remembered"] is not None:
        return MaskedFrame(line["remembered"])
    check = line["check"]
    tokens = line["body"].split(b",")
    right = check is None or sum8(line["body"] + b",") == int(check[-2:], 16)
    if len(tokens) % 2 or not right:
        return None
    values = tokens[1::2]
    kept = [key in _TANITA_KEYS or blank(value) == value for key, value in _pairs(tokens)]
    new = [value if keep else blank(value) for value, keep in zip(values, kept, strict=True)]
    body = b",".join(b for pair in zip(tokens[::2], new, strict=True) for b in pair)
    tail = b"" if check is None else b",CS,%02X" % sum8(body + b",")
    return MaskedFrame(blank(line["noise"]) + body + tail, kept.count(False))


def _pairs(tokens: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(tokens[::2], tokens[1::2], strict=True))


_GTECH = re.compile(rb"\x1bT\x00|\x02[^\x02\x03\r\n\x1b]*\x03|[^\r\n\x1b\x02\x03]+")
_GTECH_LINE = re.compile(
    rb"((?:GENDER|WEIGHT|STANDARD|HEIGHT|B *M *I|FATNESS|MARKS) +-+ +"
    rb"(?:(?:FE)?MALE|[A-Z]{4,8}|\d{1,3}(?:\.\d{1,2})?)(?: (?:kg|cm|%))? *)"
)
_GTECH_LIST = re.compile(rb"(\x02[\d.]{1,6},[\d.]{1,6},)([^,]*,[^,]*)(,[\d.]{1,6}\x03)")


def mask_gtech(data: bytes) -> MaskedBytes:
    """Keep the lines of figures; blank every other line and the unexplained fields of a list."""
    return by_pattern(data, _GTECH, _gtech_part)


def _gtech_part(part: re.Match[bytes]) -> MaskedFrame | None:
    if part[0] == b"\x1bT\x00":
        return MaskedFrame(part[0])
    return by_parts(_GTECH_LINE, part[0]) or by_parts(_GTECH_LIST, part[0])


_HEALTHOMETER = re.compile(rb"\x1b([A-Z])([^\x1b\r\n]*)")
_HEALTHOMETER_KNOWN = re.compile(rb"(\x1b(?:[RE]|[WHB] *\d{1,3}(?:\.\d{1,2})? *|N[mc]))")


def mask_healthometer(data: bytes) -> MaskedBytes:
    """Keep weight, height, BMI and unit; blank everything else."""
    return by_pattern(data, _HEALTHOMETER, _healthometer_part)


def _healthometer_part(part: re.Match[bytes]) -> MaskedFrame:
    known = by_parts(_HEALTHOMETER_KNOWN, part[0])
    return known or MaskedFrame(b"\x1b" + part[1] + blank(part[2]), int(blank(part[2]) != part[2]))
