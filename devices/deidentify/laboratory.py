"""Takes identities out of analysers' ASTM E1381 frames and HL7 messages; only results stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.deidentify.text import MaskedBytes, MaskedFrame, blank, by_pattern
from devices.protocols.framing import sum8
from devices.protocols.laboratory_words import WORD_OF

_NUMBER = rb"[<>]?=?\^?\d{1,6}(?:[.,]\d{1,4})?"
_WORD = b"|".join(
    re.escape(spelling.encode("ascii"))
    for spelling in sorted(WORD_OF, key=len, reverse=True)
    if spelling.isascii() and not spelling.isdigit()
)
_VALUE = rb"(?i:" + _NUMBER + rb"|" + _WORD + rb"|[1-4]\+|\+{1,4})?"
"""A value that names nobody: a number, a bound, or a word of the closed table, in any case."""
_UNIT = rb"(?:10[*^]\d{1,2}|[A-Za-z%\xb5])?[A-Za-z/%.*^]{0,11}"
_RANGE = rb"[\d. <>-]{0,15}"
_DATE = rb"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = rb"(?:" + _DATE + rb"(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?)?"
_TEST = rb"\^{1,3}[A-Za-z0-9^%#*+/. _-]{1,30}"
_ANY = rb".*"
_NAMES = rb"[HPOCRQMSL]?|MS[HA]|PID|PD1|PV[12]|ORC|OB[RX]|NTE|SPM|SAC|NK1|Z[A-Z0-9]{2}"

_ASTM_FIELDS: Mapping[bytes, Mapping[int, bytes]] = {
    b"H": {
        1: rb"[^A-Za-z0-9\x80-\xff]{3}",
        4: rb"[A-Za-z0-9 ^._/-]{0,40}",
        11: rb"[DPQT]",
        12: rb"\d?|LIS0?2-A2?|E ?1394-97",
        13: _TIME,
    },
    b"O": {1: rb"\d{1,3}", 4: _TEST, 11: rb"[A-Z]?", 15: rb"(?:CTRL|QC|Q)?"},
    b"R": {
        1: rb"\d{1,3}",
        2: _TEST,
        3: _VALUE,
        4: _UNIT,
        5: _RANGE,
        6: rb"[A-Z<>]{0,2}",
        7: rb"[A-Z]{0,4}",
        8: rb"[A-Z]?",
        12: _TIME,
    },
    b"L": {1: rb"\d{0,3}", 2: rb"[A-Z]?"},
}
"""Fields of a record that name nobody, and their forms. O-3 and O-4 number the specimen, R-11 names
the operator; a result that is no number may be a sentence about somebody. The times beside the
operator are not kept: one lost or added `|` would put the operator in their place."""

_ASTM_STRICT: Mapping[bytes, tuple[int, ...]] = {
    b"H": (1, 11, 12, 13),
    b"O": (1,),
    b"R": (1, 2, 4, 6, 7, 8, 12),
    b"L": (1, 2),
}
"""Fields that must have their form: else the fields may have shifted, or two records may have run
into one another. A checksum of 8 bits does not show all such damage."""

_HL7_FIELDS: Mapping[bytes, Mapping[int, bytes]] = {
    b"MSH": {at: _ANY for at in range(11)}
    | {11: rb"2\.\d(?:\.\d)?", 15: rb"[0-2]?", 17: rb"(?:UNICODE(?: UTF-8)?|ASCII|8859/\d{1,2})?"},
    b"SPM": {11: rb"[A-Z]?"},
    b"OBX": {
        1: rb"\d{0,4}",
        2: rb"[A-Z]{0,3}",
        3: _ANY,
        5: _VALUE,
        6: _UNIT,
        7: _RANGE,
        8: rb"[A-Z<>]{0,2}",
        11: rb"[A-Z]?",
        14: _TIME,
    },
}
"""The same in HL7; PID, OBR, NTE and all other segments lose everything but their name."""

_EMPTY_WITHOUT_STATUS: Mapping[bytes, tuple[int, tuple[int, ...]]] = {
    b"R": (8, (9, 10, 11, 13)),
    b"OBX": (11, (9, 10, 12, 13, 15, 16, 17, 18)),
}
"""A result's status may be missing, and is the mark by which fields that shifted are known. Where
it is missing, the fields around it must be empty: the operator's is one of them."""

_HL7_STRICT: Mapping[bytes, tuple[int, ...]] = {b"MSH": (11,), b"OBX": (1, 2, 8, 11)}
"""The same in HL7, whose frames have no checksum."""


def mask_hl7(data: bytes) -> MaskedBytes:
    """Blank every segment but MSH and OBX, and of these what may name somebody."""
    return by_pattern(data, re.compile(rb"\x0b([^\x0b]*?)(\x1c\r?)", re.DOTALL), _hl7_message)


def _hl7_message(message: re.Match[bytes]) -> MaskedFrame | None:
    if not message[1].startswith(b"MSH|"):
        return None
    parts = [_hl7_segment(part) for part in re.split(rb"([\r\n])", message[1])]
    body = b"".join(part.data for part in parts)
    return MaskedFrame(b"\x0b" + body + message[2], sum(part.fields for part in parts))


def _hl7_segment(segment: bytes) -> MaskedFrame:
    return _kept_fields(segment, _HL7_FIELDS, _HL7_STRICT)


def _kept_fields(
    record: bytes,
    forms: Mapping[bytes, Mapping[int, bytes]],
    strict: Mapping[bytes, tuple[int, ...]],
) -> MaskedFrame:
    """Keep a record's name and the fields that have their form; blank the others.

    A record of which one strict field has another form loses everything but its name.
    """
    fields = record.split(b"|")
    name = fields[0]
    own = forms.get(name, {})
    shifted = not all(_has_form(own[at], _field(fields, at)) for at in strict.get(name, ()))
    if shifted or _may_have_shifted(name, fields):
        own = {}
    new = [_kept(_NAMES, name), *(_kept(own.get(at), fields[at]) for at in range(1, len(fields)))]
    blanked = sum(1 for before, after in zip(fields, new, strict=True) if before != after)
    return MaskedFrame(b"|".join(new), blanked)


def _may_have_shifted(name: bytes, fields: Sequence[bytes]) -> bool:
    """Whether a result has no status and something where its operator may stand."""
    status, others = _EMPTY_WITHOUT_STATUS.get(name, (0, ()))
    return bool(others) and not _field(fields, status) and any(_field(fields, at) for at in others)


def _field(fields: Sequence[bytes], at: int) -> bytes:
    """Return a field; one that was not sent is empty."""
    return fields[at] if at < len(fields) else b""


def _kept(form: bytes | None, field: bytes) -> bytes:
    return field if form is not None and _has_form(form, field) else blank(field)


def _has_form(form: bytes, field: bytes) -> bool:
    return re.fullmatch(form, field, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class _Frame:
    """One ASTM frame where it stands: number, text, end mark, and whether its sum is right."""

    start: int
    end: int
    number: int
    text: bytes
    mark: bytes
    sound: bool


_ASTM_FRAME = re.compile(
    rb"\x02(?P<number>[0-7])(?P<text>[^\x02\x03\x04\x05\x17]*)(?P<mark>[\x03\x17])"
    rb"(?P<sum>[0-9A-Fa-f]{2})\r\n",
    re.DOTALL,
)


def mask_astm(data: bytes) -> MaskedBytes:
    """Blank patient, order, comment, request and unknown records, whatever frames they span.

    A frame with a wrong sum, one out of turn, and what follows it up to the end of its record lose
    everything; a frame sent again is masked as it was the first time.
    """
    frames = [_frame(match) for match in _ASTM_FRAME.finditer(data)]
    masked, fields = _masked_texts(frames, data)
    by_start = dict(zip((frame.start for frame in frames), masked, strict=True))

    def keep(match: re.Match[bytes]) -> MaskedFrame:
        text = by_start[match.start()]
        body = match["number"] + text + match["mark"]
        right = sum8(match["number"] + match["text"] + match["mark"]) == int(match["sum"], 16)
        check = sum8(body) if right else sum8(body) ^ 0xFF
        return MaskedFrame(b"\x02" + body + b"%02X\r\n" % check)

    found = by_pattern(data, _ASTM_FRAME, keep)
    return MaskedBytes(found.data, fields, found.not_understood)


def _frame(match: re.Match[bytes]) -> _Frame:
    checked = match["number"] + match["text"] + match["mark"]
    return _Frame(
        match.start(),
        match.end(),
        int(match["number"]),
        match["text"],
        match["mark"],
        sum8(checked) == int(match["sum"], 16),
    )


def _masked_texts(frames: Sequence[_Frame], data: bytes) -> tuple[list[bytes], int]:
    """Return the text of each frame, masked over the frames that a record spans."""
    texts = [blank(frame.text) for frame in frames]
    fields = 0
    for group in _groups(frames, data):
        whole = b"".join(frames[at].text for at in group)
        records = [_astm_record(part) for part in re.split(rb"(\r)", whole)]
        fields += sum(record.fields for record in records)
        kept = b"".join(record.data for record in records)
        for at in group:
            size = len(frames[at].text)
            texts[at], kept = kept[:size], kept[size:]
    for at in range(1, len(frames)):
        if frames[at].text == frames[at - 1].text and frames[at].number == frames[at - 1].number:
            texts[at] = texts[at - 1]
    return texts, fields


def _groups(frames: Sequence[_Frame], data: bytes) -> Iterable[list[int]]:
    """Yield runs of frames that came whole and in turn, from a record's start to its end."""
    group: list[int] = []
    expected: int | None = None
    joined = False
    for at, frame in enumerate(frames):
        restarted = at == 0 or b"\x05" in data[frames[at - 1].end : frame.start]
        if restarted:
            group, expected, joined = [], 1, True
        again = at > 0 and frame.number == frames[at - 1].number and frame.sound
        if again and frame.text == frames[at - 1].text and not restarted:
            continue
        if not frame.sound or frame.number != expected:
            group, joined = [], False
        expected = (frame.number + 1) % 8 if frame.sound else None
        if joined:
            group.append(at)
        if frame.mark == b"\x03":
            if joined:
                yield group
            group, joined = [], frame.sound


def _astm_record(record: bytes) -> MaskedFrame:
    return _kept_fields(record, _ASTM_FIELDS, _ASTM_STRICT)
