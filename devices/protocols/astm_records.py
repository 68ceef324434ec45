"""ASTM E1394 / CLSI LIS02-A2: the records of a message, whatever frames carried them.

H header, P patient, O order, R result, C comment, Q query, M manufacturer's, S scientific, L end.
The header says which characters part fields, repeats and components, and which one escapes. Fields
are numbered from 1, the record's name being the first, as in the standard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from devices.protocols import laboratory_controls, laboratory_places
from devices.protocols.laboratory import Result, Site, Standing
from devices.protocols.laboratory_controls import PERHAPS_NO_PATIENT
from devices.protocols.laboratory_ends import Grammar

SAMPLE_PLACES = ("O-3", "O-4", "P-3", "P-4", "R-11")
TIME_PLACES = ("R-13", "R-12", "O-7", "H-14")

_STANDINGS: Mapping[str, Standing] = {
    "": Standing.FINAL,
    "F": Standing.FINAL,
    "V": Standing.FINAL,  # verified by the operator
    "R": Standing.FINAL,  # it was sent before
    "M": Standing.FINAL,  # a minimum inhibitory concentration
    "C": Standing.CORRECTED,
    "W": Standing.DOUBTED,
    "P": Standing.NOT_FINAL,
    "S": Standing.NOT_FINAL,
    "I": Standing.NOT_FINAL,
    "N": Standing.NOT_FINAL,
    "X": Standing.NO_RESULT,
    "Q": Standing.CONTROL,
}
"""R-9 (LIS02-A2, result status). A status that the standard does not know is a doubt. `Q` answers a
query of the host, which this box never puts: from a device that was not asked it is control."""

_ORDER_STANDINGS: Mapping[str, Standing] = {
    "": Standing.FINAL,
    "F": Standing.FINAL,
    "O": Standing.FINAL,  # an order record
    "Q": Standing.FINAL,  # an answer to a query
    "C": Standing.CORRECTED,
}
"""O-26 (report type), where R-9 is empty; every other one is a doubt."""

_CANCELLED = "X"
_CONTROL_PROCESSING = frozenset("QDT")
"""H-12: quality control, debugging, training; only P, or nothing, is a patient's."""

GRAMMAR = Grammar(
    row=re.compile(r"[A-Z](?:[^A-Za-z0-9\s].*)?", re.DOTALL),
    head="H",
    result="R",
    notes=("C", "M", "S"),
)
_ESCAPES = {"F": 0, "R": 1, "S": 2, "E": 3}
_USUAL = r"|\^&"
_ATTRIBUTE = re.compile(r"[A-Z]")
_VALUE = 3
_SEVERAL_SIGNS = (11, 15)
"""O-12 and O-16: each repeat is looked at, as one more component."""
_SAMPLE_COMPONENT, _ATTRIBUTE_COMPONENT = 2, 3


@dataclass(slots=True)
class Message:
    """What the records so far say; feed it each record's text in the order they came."""

    site: Site = field(default_factory=Site)
    delimiters: str = _USUAL
    records: dict[str, list[str]] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _results: int = 0

    def take(self, text: str) -> str:
        """Take one record; return its name, one letter, or "" when it is none."""
        name = text[:1]
        if name == "H" and len(text) > len(_USUAL):
            self._begin(text)
        elif not name.isalpha() or text[1:2] not in (self.delimiters[0], ""):
            return ""
        if name in "HPO":
            self._keep(name, text)
        self._results += name == "R"
        self.records[name] = self._fields(name, text)
        return name

    def of(self, record: str, number: int) -> str:
        """Return a field of the newest record of a name, its components parted by `^`."""
        fields = self.records.get(record, [])
        return fields[number - 1] if 0 < number <= len(fields) else ""

    @property
    def is_control(self) -> bool:
        """Whether the order at hand is of control material: H-12, O-12, O-16, or as configured."""
        return (
            self.of("H", 12)[:1].upper() in _CONTROL_PROCESSING
            or "Q" in _components(self.of("O", 12))
            or "Q" in _components(self.of("O", 16))
            or laboratory_controls.is_control_material(self.of("O", 16))
        )

    def result(self) -> Result:
        """Return the result of the newest R record."""
        places = self.site.sample or SAMPLE_PLACES
        sample, sample_place = laboratory_places.sample(self.of, places, sample_of)
        times = self.site.time or TIME_PLACES
        time, time_place = laboratory_places.time(self.of, times)
        return Result(
            test=self.of("R", 3),
            value=self.of("R", 4),
            unit=self.of("R", 5),
            standing=self._standing(),
            time=time,
            flags=self.of("R", 7).strip("^ "),
            sample=sample,
            found=tuple(filter(None, (sample_place, time_place))),
            doubts=self._doubts(),
        )

    def digest(self, text: str) -> str:
        """Return what tells this result's record from every other one; "" when it has no time."""
        if not (self.of("H", 14) or self.of("R", 13) or self.of("R", 12)):
            return ""
        whole = "\r".join((*self._order, str(self._results), text))
        return blake2b(whole.encode("utf-8", "replace"), digest_size=12).hexdigest()

    def _standing(self) -> Standing:
        status = self.of("R", 9).strip().upper()[:1]
        order = self.of("O", 26).strip().upper()[:1]
        if order == _CANCELLED:
            return Standing.NO_RESULT
        if not status:
            return _ORDER_STANDINGS.get(order, Standing.DOUBTED)
        return _STANDINGS.get(status, Standing.DOUBTED)

    def _doubts(self) -> tuple[str, ...]:
        """What speaks against a patient's sample and does not prove it: the patient's names."""
        names = (self.of("P", 3), self.of("P", 4), self.of("P", 6))
        doubted = any(map(laboratory_controls.is_control_number, names))
        return (PERHAPS_NO_PATIENT,) if doubted else ()

    def _begin(self, text: str) -> None:
        self._results = 0
        self.records.clear()
        self._order.clear()
        escape = text[4] if text[4] != text[1] else ""
        self.delimiters = text[1:4] + escape

    def _keep(self, name: str, text: str) -> None:
        """A new patient forgets the former order, a new order the former one."""
        level = "HPO".index(name)
        for lower in "HPORCQM"[level:]:
            self.records.pop(lower, None)
        self._order[level:] = [text]

    def _fields(self, name: str, text: str) -> list[str]:
        separator, repeat, component = self.delimiters[0], self.delimiters[1], self.delimiters[2]
        if name == "H":
            head = text.split(separator, 2)
            rest = head[2].split(separator) if len(head) > 2 else []
            return ["H", text[2:5], *(self._plain(part, component) for part in rest)]
        fields = text.split(separator)
        if name == "O":
            fields = [
                part.replace(repeat, component) if at in _SEVERAL_SIGNS else part
                for at, part in enumerate(fields)
            ]
        several = (_VALUE,) if name == "R" else ()  # two values are no value: none is chosen
        firsts = [
            part if at in several else part.split(repeat)[0] for at, part in enumerate(fields)
        ]
        return [self._plain(part, component) for part in firsts]

    def _plain(self, text: str, component: str) -> str:
        """Return a field with `^` between its components and its escapes undone."""
        text = text if component == "^" else text.replace("^", "*").replace(component, "^")
        escape = self.delimiters[3:4]
        if not escape or escape not in text:
            return text
        signs = self.delimiters

        def undone(match: re.Match[str]) -> str:
            at = _ESCAPES.get(match[1])
            return signs[at] if at is not None and at < len(signs) else match[0]

        return re.sub(f"{re.escape(escape)}([FRSE]){re.escape(escape)}", undone, text)


def _components(text: str) -> list[str]:
    return [part.strip().upper() for part in text.split("^")]


def sample_of(text: str) -> str:
    """Return the number in O-3 or O-4: alone, or behind rack and position as Sysmex writes it."""
    parts = [part.strip() for part in text.split("^")]
    if len(parts) > _ATTRIBUTE_COMPONENT and _ATTRIBUTE.fullmatch(parts[_ATTRIBUTE_COMPONENT]):
        return parts[_SAMPLE_COMPONENT]
    return laboratory_places.first_component(text)
