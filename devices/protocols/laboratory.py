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
from devices.protocols.laboratory_values import NoValue, Number, Word
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
        return _reading(result, found, coded=(CodedValue(test.code, found.word),))
    if not _unit_agrees(result, found, unit):
        return BAD_UNIT
    value = Value(test.code, found.value, found.unit or unit, found.comparator)
    return _reading(result, found, values=(value,))


def test_named(code: str, tests: Mapping[str, Test]) -> Test | None:
    """Return what a sent code means: the whole field, else the row that names most components.

    A row of one component fits wherever that stands. A row of several fits only where they stand,
    and only when the field names nothing more: `^MTB-RIF^^MTB^^^MTB^Ct` is a cycle number and not
    the answer. Two rows that fit equally well and mean different things are no answer.
    """
    whole = tests.get(code) or tests.get(code.strip("^ "))
    if whole is not None:
        return whole
    sent = _positions(code)
    fitting: dict[int, list[Test]] = {}
    for name, test in tests.items():
        wanted = _positions(name)
        if wanted and _fits(wanted, sent):
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


_COMPLEMENTS = frozenset(
    {"CT", "CQ", "CP", "DELTA CT", "ENDPT", "END POINT", "LOG", "CONC", "CONC/LOG"}
    | {"PROBE CHECK RESULT", "2ND DERIV PEAK HEIGHT", "CURVE FIT", "S/CO", "COI"}
)
"""Last components that name another quantity of the same test, as GeneXpert sends them."""

_FIRST_CODE, _SECOND_CODE = 1, 4


def _reading(
    result: Result,
    found: Number | Word,
    values: tuple[Value, ...] = (),
    coded: tuple[CodedValue, ...] = (),
) -> Measurement:
    flags = "" if result.flags in _ORDINARY_FLAGS else f"flag_{result.flags}"
    doubts = [_DOUBTS.get(result.standing, ""), flags]
    if found.flagged and "questionable" not in doubts:
        doubts.append("questionable")
    if isinstance(found, Word) and found.beside is not None:
        doubts.append(f"signal_{found.beside.comparator}{found.beside.value}")
    return Measurement(
        Kind.LABORATORY,
        values,
        device_time=result.time,
        quality=tuple(filter(None, doubts)),
        record=result.sample or None,
        coded=coded,
        found=result.found,
    )


def _unit_agrees(result: Result, found: Number, unit: str) -> bool:
    """A structured value, a titre or a text may carry the unit itself."""
    if found.unit and not result.unit.strip("^ "):
        return True
    return laboratory_units.agree(result.unit, found.unit or unit)


def _positions(code: str) -> dict[int, str]:
    """Return the components that say something, by their number from 1."""
    parts = enumerate(code.split("^"), 1)
    return {at: part.strip() for at, part in parts if part.strip()}


def _fits(wanted: Mapping[int, str], sent: Mapping[int, str]) -> bool:
    last = sent[max(sent)] if sent else ""
    if last.upper() in _COMPLEMENTS and last not in wanted.values():
        return False
    if len(wanted) == 1:
        return next(iter(wanted.values())) in sent.values()
    here = all(sent.get(at) == part for at, part in wanted.items())
    return here and not (sent.keys() - wanted.keys() - _names(wanted, sent))


def _names(wanted: Mapping[int, str], sent: Mapping[int, str]) -> set[int]:
    """Return which components are no codes: names, coding systems and versions of HL7's triplets.

    A second code is the same test only where its own name or coding system stands behind it.
    """
    if _FIRST_CODE not in wanted:
        return set()
    triplets = set(sent) - {_FIRST_CODE, _SECOND_CODE}
    second = _SECOND_CODE in sent and any(at in sent for at in (5, 6))
    return triplets | ({_SECOND_CODE} if second else set())
