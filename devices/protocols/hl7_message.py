"""HL7 v2: a message in segments, its results with the order and the specimen they belong to.

Segments end with CR; LF ends one only in a message that holds no CR at all, and CR LF is one end.
Fields are numbered as in the standard: MSH-1 is the separator itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from devices.protocols import laboratory_places
from devices.protocols.laboratory import (
    Result,
    Site,
    Standing,
    is_control_material,
    is_control_order,
)

SAMPLE_PLACES = ("OBR-3", "OBR-2", "SPM-2")
TIME_PLACES = ("OBX-14", "OBR-7", "OBR-22")
RESULT_MESSAGES = frozenset({"", "ORU", "OUL"})
"""Unsolicited observations; a message that does not name its type is taken for one."""

_VALUE_TYPES = frozenset({"", "NM", "SN", "ST", "TX", "FT", "CE", "CWE", "CNE", "CF"})
"""OBX-2 that may hold a result. Pictures, references, dates and settings of the device are none."""

_STANDINGS: Mapping[str, Standing] = {
    "": Standing.FINAL,
    "F": Standing.FINAL,
    "U": Standing.FINAL,  # final now, as it was sent before
    "C": Standing.CORRECTED,
    "A": Standing.CORRECTED,
    "R": Standing.DOUBTED,  # entered, not verified
    "B": Standing.DOUBTED,  # appended report
    "P": Standing.NOT_FINAL,
    "S": Standing.NOT_FINAL,
    "I": Standing.NOT_FINAL,
    "O": Standing.NOT_FINAL,
    "N": Standing.NOT_FINAL,
    "X": Standing.NO_RESULT,
    "D": Standing.WITHDRAWN,
    "W": Standing.WITHDRAWN,
}
"""OBX-11 (HL7 table 0085); one that the table does not know is a doubt. W says that the original
was posted wrongly, such as for another patient."""

_NO_PATIENT_ROLES = frozenset("BCELOQV")
"""SPM-11 (table 0369): blind, calibrator, electronic control, pooled, proficiency, control and
verifying specimens. P is a patient's, R a replicate of one."""

_MINDRAY_NO_SAMPLES = frozenset("12")
"""MSH-16 as Mindray writes it: 0 a sample's result, 1 calibration, 2 quality control."""

_MINDRAY_CONTROLS = frozenset({"00003", "00004", "00005", "00006"})
_ESCAPES = {"F": 0, "S": 1, "R": 2, "E": 3, "T": 4}
_ROLE_COMPONENT = 7


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its name, and its fields by the standard's numbers."""

    name: str
    fields: tuple[str, ...]

    def of(self, number: int) -> str:
        """Return a field; one that was not sent is empty."""
        at = number - 1 if self.name == "MSH" else number
        return self.fields[at] if 0 <= at < len(self.fields) else ""


_NO_SEGMENT = Segment("", ())


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `signs` are separator, component, repeat, escape and subcomponent."""

    signs: str
    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        """The MSH segment."""
        return self.segments[0]

    @property
    def type(self) -> str:
        """MSH-9, such as ORU^R01."""
        return self.plain(self.head.of(9))

    @property
    def id(self) -> str:
        """MSH-10, the sender's control id."""
        return self.head.of(10)

    def plain(self, field: str) -> str:
        """Return the first repeat of a field with `^` between components and escapes undone."""
        component, repeat, escape = self.signs[1], self.signs[2], self.signs[3]
        text = field.split(repeat)[0] if repeat.strip() else field
        text = text if component == "^" else text.replace("^", "*").replace(component, "^")
        if not escape.strip() or escape not in text:
            return text
        mark = re.escape(escape)
        return re.sub(f"{mark}([FSRET]|X[0-9A-Fa-f]+|\\.br){mark}", self._undone, text)

    def _undone(self, match: re.Match[str]) -> str:
        code = match[1]
        if code in _ESCAPES:
            return self.signs[_ESCAPES[code]]
        if code.startswith("X") and len(code) % 2:
            return bytes.fromhex(code[1:]).decode("latin-1")
        return " "


def parse(text: str) -> Message | None:
    """Return a message; None when it does not begin with a whole MSH."""
    ends = "\r" if "\r" in text else "\n"
    rows = [row.strip("\n") for row in text.split(ends)]
    rows = [row for row in rows if row]
    if not rows or not rows[0].startswith("MSH") or len(rows[0]) < len("MSH|^~\\&"):
        return None
    separator = rows[0][3]
    signs = (separator + rows[0].split(separator)[1]).ljust(5)[:5]
    split = (tuple(row.split(separator)) for row in rows)
    segments = tuple(Segment(fields[0].strip(), fields) for fields in split)
    return Message(signs, segments)


@dataclass(frozen=True, slots=True)
class Observation:
    """One OBX segment with the order and the specimen that it belongs to."""

    message: Message
    obx: Segment
    order: Segment = _NO_SEGMENT
    specimen: Segment = _NO_SEGMENT

    def of(self, segment: str, number: int) -> str:
        """Return a field of a segment that stands for this observation."""
        own = {"OBX": self.obx, "OBR": self.order, "SPM": self.specimen, "MSH": self.message.head}
        found = own.get(segment)
        if found is None:
            found = next((s for s in self.message.segments if s.name == segment), _NO_SEGMENT)
        return self.message.plain(found.of(number))

    @property
    def is_control(self) -> bool:
        """Whether it is of control material, a calibrator or a trial run: nobody's blood."""
        processing = self.of("MSH", 11).split("^")[0].strip().upper()
        order = self.of("OBR", 4)
        source = (self.of("OBR", 15).split("^") + [""] * _ROLE_COMPONENT)[_ROLE_COMPONENT - 1]
        roles = {self.of("SPM", 11).split("^")[0].strip().upper(), source.strip().upper()}
        mindray = order.split("^")[0] in _MINDRAY_CONTROLS and "99MRC" in order
        return (
            processing not in ("", "P")
            or self.of("MSH", 16).strip() in _MINDRAY_NO_SAMPLES
            or mindray
            or is_control_order(order)
            or is_control_material(self.of("SPM", 4))
            or is_control_material(self.of("OBR", 15))
            or not roles.isdisjoint(_NO_PATIENT_ROLES)
        )

    def result(self, site: Site) -> Result:
        """Return the result that it holds."""
        places = site.sample or SAMPLE_PLACES
        first = laboratory_places.first_component
        sample, sample_place = laboratory_places.sample(self._of_specimen, places, first)
        time, time_place = laboratory_places.time(self.of, site.time or TIME_PLACES)
        status = self.of("OBX", 11).strip().upper()[:1]
        repeats = self.message.signs[2]
        value = self.obx.of(5)
        several = repeats.strip() and repeats in value.strip(repeats)
        return Result(
            test=self.of("OBX", 3),
            value=value if several else self.of("OBX", 5),
            unit=self.of("OBX", 6),
            standing=_STANDINGS.get(status, Standing.DOUBTED),
            time=time,
            flags=self.of("OBX", 8).strip("^ "),
            kind=self.of("OBX", 2).strip().upper(),
            sample=sample,
            found=tuple(filter(None, (sample_place, time_place))),
        )

    def _of_specimen(self, segment: str, number: int) -> str:
        """SPM-2 holds pairs of identifiers with subcomponents; the number is the first of them."""
        text = self.of(segment, number)
        subcomponent = self.message.signs[4]
        if not subcomponent.strip():
            return text
        return "^".join(part.split(subcomponent)[0] for part in text.split("^"))


def observations(message: Message) -> Iterator[Observation]:
    """Yield what may be a result: every OBX of a value's type, with its order and specimen."""
    before = message.type.startswith("OUL")
    order = specimen = _NO_SEGMENT
    group: list[Observation] = []
    for segment in message.segments:
        if segment.name == "SPM":
            specimen = segment
            if not before:
                group = [replace(each, specimen=specimen) for each in group]
        elif segment.name == "OBR":
            yield from group
            group, order = [], segment
            specimen = specimen if before else _NO_SEGMENT
        elif segment.name == "OBX" and segment.of(2).strip().upper() in _VALUE_TYPES:
            group.append(Observation(message, segment, order, specimen))
    yield from group
