"""Results of laboratory analysers, whatever carried them (ASTM E1394 / CLSI LIS02, HL7 v2).

Which test an analyser means by a code such as `^^^HB` is configuration of a site, so a result
becomes a reading only through a map that somebody wrote down for that machine. A result that does
not become one says which of three is missing: the test in the map, the agreed unit, the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from devices.driver import BAD_UNIT, BAD_VALUE, NO_RESULT, NOT_FINAL, UNMAPPED, WITHDRAWN
from devices.protocols import laboratory_units, laboratory_values
from devices.protocols.framing import wall_clock
from devices.protocols.laboratory_values import NoValue, Number
from edge.model.reading import CodedValue, Kind, Measurement, Value


class Standing(Enum):
    """What a result's status says of it, in both standards."""

    FINAL = auto()
    CORRECTED = auto()
    """It replaces one that was sent before."""
    DOUBTED = auto()
    """The analyser or its operator has not verified it, or warns of it."""
    NOT_FINAL = auto()
    NO_RESULT = auto()
    WITHDRAWN = auto()
    """An earlier result was wrong, or another patient's."""
    CONTROL = auto()
    """It belongs to quality control."""


_REFUSED: Mapping[Standing, str] = {
    Standing.NOT_FINAL: NOT_FINAL,
    Standing.NO_RESULT: NO_RESULT,
    Standing.WITHDRAWN: WITHDRAWN,
}
_DOUBTS: Mapping[Standing, str] = {
    Standing.CORRECTED: "corrected",
    Standing.DOUBTED: "questionable",
}
_ORDINARY_FLAGS = frozenset({"", "N"})


@dataclass(frozen=True, slots=True)
class Result:
    """One result as the analyser sent it: its own test code, text value, unit, standing, time.

    `kind` is HL7's value type, empty in ASTM; components are parted by `^` here. `sample` is the
    number of the sample. `found` names the fields that sample and time came from, such as "O-4".
    `doubts` are what else speaks against it.
    """

    test: str
    value: str
    unit: str
    standing: Standing = Standing.FINAL
    time: datetime | None = None
    flags: str = ""
    kind: str = ""
    sample: str = ""
    found: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """What a test code means at this site: LOINC code, and the unit that the analyser must send.

    An empty unit stands for a result in words, or for a number without one.
    """

    code: str
    unit: str


@dataclass(frozen=True, slots=True)
class Site:
    """What somebody wrote down for one analyser.

    `tests` is the map of its test codes. `encoding` names a character set where the message
    declares none. `sample` and `time` are the fields to look in, in order, such as "O-4.3" or
    "OBR-2", in place of the protocol's. `controls` are patterns of sample numbers that stand for
    control material, such as "QC-*".
    """

    tests: Mapping[str, Test] = field(default_factory=dict)
    encoding: str = ""
    sample: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()


def judge(result: Result, tests: Mapping[str, Test]) -> Measurement | str:
    """Return a reading, or why there is none: a key of `devices.driver.RESULT_FAILURES`."""
    if result.standing in _REFUSED:
        return _REFUSED[result.standing]
    test = test_named(result.test, tests)
    if test is None:
        return UNMAPPED
    unit = laboratory_units.canonical(test.unit)
    found = laboratory_values.understand(result.value, result.kind, unit)
    if isinstance(found, NoValue):
        return NO_RESULT
    if found is None:
        return BAD_VALUE
    if not isinstance(found, Number):
        return _reading(result, coded=(CodedValue(test.code, found.word),))
    if not _unit_agrees(result, unit):
        return BAD_UNIT
    return _reading(result, values=(Value(test.code, found.value, unit, found.comparator),))


def test_named(code: str, tests: Mapping[str, Test]) -> Test | None:
    """Return what a sent code means: the whole field, else the row that names most components.

    A row's components must stand in the field in the row's order. Two rows that fit equally well
    and mean different things are no answer.
    """
    whole = tests.get(code) or tests.get(code.strip("^ "))
    if whole is not None:
        return whole
    sent = _components(code)
    fitting: dict[int, list[Test]] = {}
    for name, test in tests.items():
        wanted = _components(name)
        if wanted and _stand_in(wanted, sent):
            fitting.setdefault(len(wanted), []).append(test)
    best = fitting[max(fitting)] if fitting else []
    return best[0] if best and all(test == best[0] for test in best) else None


def clock(text: str) -> datetime | None:
    """Return the time of a result: yyyyMMddHHmmss or shorter, to the minute, hour or day.

    Fractions of a second and a zone are left out: it is the device's own wall clock.
    """
    match = _CLOCK.match(text.strip())
    form = _CLOCK_FORMS.get(len(match[0])) if match else None
    return wall_clock(match[0], form) if match and form else None


_CLOCK = re.compile(r"\d{8,14}")
_CLOCK_FORMS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d"}


def _reading(
    result: Result, values: tuple[Value, ...] = (), coded: tuple[CodedValue, ...] = ()
) -> Measurement:
    flags = "" if result.flags in _ORDINARY_FLAGS else f"flag_{result.flags}"
    doubts = tuple(filter(None, (_DOUBTS.get(result.standing, ""), flags)))
    return Measurement(
        Kind.LABORATORY,
        values,
        device_time=result.time,
        quality=doubts,
        record=result.sample or None,
        coded=coded,
        found=result.found,
    )


def _unit_agrees(result: Result, unit: str) -> bool:
    """A structured value or a text may carry the unit itself."""
    if laboratory_units.agree(result.unit, unit):
        return True
    return not result.unit.strip("^ ") and bool(unit) and _carries_unit(result.value, unit)


def _carries_unit(value: str, unit: str) -> bool:
    match = re.search(r"[\d.,]\s*([^\d\s.,^][^^]*)$", value.strip())
    titre = unit in laboratory_values.TITRE_UNITS and re.search(r"1\s*[:/^]", value) is not None
    return titre or (match is not None and laboratory_units.canonical(match[1]) == unit)


def _components(code: str) -> list[str]:
    return [part.strip() for part in code.split("^") if part.strip()]


def _stand_in(wanted: list[str], sent: list[str]) -> bool:
    left = iter(sent)
    return all(part in left for part in wanted)
