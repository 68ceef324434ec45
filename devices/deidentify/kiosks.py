"""Takes the ID that a person typed or scanned out of the captures of blood-pressure kiosks."""

from __future__ import annotations

import re

from devices.deidentify.text import MaskedBytes, MaskedFrame, blank, by_parts, by_pattern
from devices.protocols.framing import xor8

_LINE = re.compile(rb"[^\r\n]+")
_OMRON_5 = re.compile(rb"(\d{4}(?:,\d\d){4},)([^,]{20})(,\d(?:,(?:\d{3}|   )){3},\d)")
_OMRON_BP = re.compile(rb"(bp,)([^,]{20})(,\d{4}/\d\d/\d\d,\d\d:\d\d(?:,\d{3}){4},\d)")


def mask_omron(data: bytes) -> MaskedBytes:
    """Blank the 20 characters of the ID in both line formats; other lines lose everything."""
    return by_pattern(
        data, _LINE, lambda line: by_parts(_OMRON_5, line[0]) or by_parts(_OMRON_BP, line[0])
    )


_TERUMO_FRAME = re.compile(rb"\x02[^\x02\x03]*\x03.", re.DOTALL)
_TERUMO = re.compile(
    rb"(\x02R1,)([^,]{1,20})(,\d{6},\d{6}(?:,\d{3}){4})((?:,[^\x03]*)?)(\x03.)", re.DOTALL
)


def mask_terumo(data: bytes) -> MaskedBytes:
    """Blank the ID, and the fields behind the pulse, which nobody has explained.

    The rule of the byte behind ETX is not known: it stays as the kiosk sent it.
    """
    return by_pattern(data, _TERUMO_FRAME, lambda frame: by_parts(_TERUMO, frame[0]))


_TM_HEAD = b"\x0100\x02"
_TM_FRAME = re.compile(
    rb"\x16\x16\x0100(?:[\x06\x15]"
    rb"|\x02(?P<text>[^\x02\x03\x16]*)\x03(?P<check>.)"
    rb"|\x02(?P<cut>[^\x02\x03\x16]*)(?=\x16))",
    re.DOTALL,
)
_RS = b"\x1e"
_TM_PLACES = (
    rb"TM\d{4}P? *|S[TP]|R[BP]",
    rb"\d{10}",
    rb"R[ABP]",
    rb"M|N *\d{1,2}",
    rb"E\d\d|\d{1,3}, *\d{1,3}",
)
_TM_NAMED = rb"[SMDPILpimrtc] ?[N\d ]{0,3}| *\d{1,3}, *\d{1,3}|"
"""Pressures, pulse, counts, flags, seconds, the points of a pulse envelope. The other slots may be
an ID, a height and a weight, and nobody says which is which."""


def mask_tm2655(data: bytes) -> MaskedBytes:
    """Blank the slots of a TM-2657 that a person may have filled; the check byte is made anew."""
    return by_pattern(data, _TM_FRAME, _tm_frame)


def _tm_frame(frame: re.Match[bytes]) -> MaskedFrame | None:
    if frame["cut"] is not None:
        blanked = int(blank(frame["cut"]) != frame["cut"])
        return MaskedFrame(b"\x16\x16" + _TM_HEAD + blank(frame["cut"]), blanked)
    if frame["text"] is None:
        return MaskedFrame(frame[0])
    if _tm_check(frame["text"]) != frame["check"][0]:
        broken = blank(frame["text"])
        wrong = bytes((_tm_check(broken) ^ 0xFF,))
        return MaskedFrame(_tm_framed(broken, wrong), int(broken != frame["text"]))
    old = frame["text"].split(_RS)
    new = [_tm_field(at, field) for at, field in enumerate(old)]
    blanked = sum(1 for before, after in zip(old, new, strict=True) if before != after)
    text = _RS.join(new)
    return MaskedFrame(_tm_framed(text, bytes((_tm_check(text),))), blanked)


def _tm_field(at: int, field: bytes) -> bytes:
    shape = _TM_PLACES[at] if at < len(_TM_PLACES) else _TM_NAMED
    if re.fullmatch(shape, field):
        return field
    name = field[:1] if at >= len(_TM_PLACES) and field[:1].isalpha() else b""
    return name + blank(field[len(name) :])


def _tm_check(text: bytes) -> int:
    return xor8(_TM_HEAD + text + b"\x03")


def _tm_framed(text: bytes, check: bytes) -> bytes:
    return b"\x16\x16" + _TM_HEAD + text + b"\x03" + check
