"""Results of laboratory analysers, whatever carried them (ASTM E1394 / CLSI LIS02, HL7 v2).

Which test an analyser means by a code such as `^^^HB` is configuration of a site, so a result
becomes a reading only through a map that somebody wrote down for that machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from devices.protocols.framing import wall_clock
from edge.model.reading import Kind, Measurement, Value

FINAL = "F"
_NUMBER = re.compile(r"([<>]?) ?(\d{1,6}(?:\.\d{1,4})?)")


@dataclass(frozen=True, slots=True)
class Result:
    """One result as the analyser sent it: its own test code, text value, unit, status, time."""

    test: str
    value: str
    unit: str
    status: str
    time: datetime | None
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """What a test code means at this site: LOINC code, and the unit that the analyser must send."""

    code: str
    unit: str


def measured(result: Result, tests: Mapping[str, Test]) -> Measurement | None:
    """Return a final result of a known test in the agreed unit; without a unit it is refused."""
    test = tests.get(result.test)
    match = _NUMBER.fullmatch(result.value.strip())
    if test is None or match is None or result.status != FINAL or result.unit != test.unit:
        return None
    value = Value(test.code, Decimal(match[2]), test.unit, match[1])
    flags = (f"flag_{result.flags}",) if result.flags else ()
    return Measurement(Kind.LABORATORY, (value,), device_time=result.time, quality=flags)


def clock(text: str) -> datetime | None:
    """Return the time of a result: yyyyMMddHHmmss or shorter, to the minute or the day."""
    forms = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}
    form = forms.get(len(text))
    return wall_clock(text, form) if form else None
