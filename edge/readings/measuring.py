"""Blood pressure as the guideline says: when to measure again, and which reading counts.

The numbers stand in `measuring.toml` with their sources. Nothing here takes a clock or a store.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Arm(StrEnum):
    """On which arm the cuff was; empty while nobody has said it."""

    LEFT = "left"
    RIGHT = "right"
    UNSAID = ""


class Method(StrEnum):
    """How the reading that counts was reckoned."""

    NONE = "none"
    SINGLE = "single"
    MEAN_OF_TWO = "mean-of-1-and-2"
    MEAN_OF_LAST_TWO = "mean-of-last-two"
    """Of three or more: the mean of the last two (ISH 2020)."""
    HIGHER = "higher-of-last-two"
    """The last two differ too much for a mean: a mean must not hide the one that is dangerous (the
    project's own caution)."""


class NextStep(StrEnum):
    """What to do now."""

    REST = "rest"
    """Nothing is measured yet: five minutes of rest first."""
    WAIT = "wait"
    """Less than a minute has passed since the last reading."""
    MEASURE = "measure"
    OTHER_ARM = "other-arm"
    """The first visit: the other arm has not been measured."""
    SAY_ARM = "say-arm"
    """The first visit: nobody has said on which arm it was."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PressureReading:
    """One reading of a visit: `id` names it, pressures in mmHg, `at_ms` when (milliseconds)."""

    id: str
    systolic: Decimal
    diastolic: Decimal
    at_ms: int
    arm: Arm = Arm.UNSAID
    irregular: bool = False


@dataclass(frozen=True, slots=True)
class CountingPressure:
    """The reading that counts: its values in whole mmHg, and the readings it came from."""

    systolic: Decimal
    diastolic: Decimal
    method: Method
    readings: tuple[PressureReading, ...]

    @property
    def irregular(self) -> bool:
        """Whether a device found the pulse irregular: feel the pulse (ISH 2020)."""
        return any(reading.irregular for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do now; `wait_s` is how long to wait before, `place` which reading comes next."""

    step: NextStep
    place: int
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class PressureTable:
    """The numbers of the table `pressure`: seconds, and mmHg."""

    rest_s: int
    apart_s: int
    differs_more_than: Decimal
    first_systolic_from: Decimal
    first_diastolic_from: Decimal
    version: str
    is_draft: bool
    sources: tuple[str, ...]


@cache
def pressure_table() -> PressureTable:
    """Return the table that this release has."""
    path = files("edge.readings").joinpath("measuring.toml")
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    row = table["pressure"]
    return PressureTable(
        row["rest_s"],
        row["apart_s"],
        Decimal(row["third_when_systolic_differs_more_than"]),
        Decimal(row["third_when_first_systolic_from"]),
        Decimal(row["third_when_first_diastolic_from"]),
        table["version"],
        table["status"] != "signed",
        tuple(table["sources"]),
    )


def counting(
    readings: Sequence[PressureReading], table: PressureTable | None = None
) -> CountingPressure | None:
    """Return the reading that counts of those of one visit, oldest first; None without any.

    Of both arms only the arm with the higher systolic mean counts.
    """
    table = table or pressure_table()
    used = _of_higher_arm(readings)
    if not used:
        return None
    if len(used) == 1:
        return _mean(used, used, Method.SINGLE)
    first, second = last = used[-2:]
    if abs(first.systolic - second.systolic) > table.differs_more_than:
        higher = max(last, key=lambda reading: (reading.systolic, reading.diastolic))
        return _mean([higher], last, Method.HIGHER)
    return _mean(last, last, Method.MEAN_OF_TWO if len(used) == 2 else Method.MEAN_OF_LAST_TWO)


def advice(
    readings: Sequence[PressureReading],
    now_ms: int,
    *,
    first_visit: bool,
    table: PressureTable | None = None,
) -> Advice:
    """Return what to do now, by the readings of this visit, oldest first."""
    table = table or pressure_table()
    if not readings:
        return Advice(NextStep.REST, 1, table.rest_s)
    place = len(readings) + 1
    arms = {reading.arm for reading in readings} - {Arm.UNSAID}
    if first_visit and not arms:
        return Advice(NextStep.SAY_ARM, place)
    used = _of_higher_arm(readings)
    if (len(arms) == 2 or not first_visit) and not _needs_more(used, table):
        return Advice(NextStep.DONE, place)
    gone_s = (now_ms - readings[-1].at_ms) // 1000
    wait_s = table.apart_s - gone_s
    if 0 < wait_s <= table.apart_s:
        return Advice(NextStep.WAIT, place, wait_s)
    if first_visit and len(arms) == 1:
        return Advice(NextStep.OTHER_ARM, place)
    return Advice(NextStep.MEASURE, place)


def _needs_more(used: Sequence[PressureReading], table: PressureTable) -> bool:
    """Whether a second or a third reading is due on the arm that counts."""
    if len(used) < 2:
        return True
    if len(used) > 2:
        return False
    first, second = used
    return (
        abs(first.systolic - second.systolic) > table.differs_more_than
        or first.systolic >= table.first_systolic_from
        or first.diastolic >= table.first_diastolic_from
    )


def _of_higher_arm(readings: Sequence[PressureReading]) -> tuple[PressureReading, ...]:
    """Return the readings that count together: of two arms, those of the higher one.

    A reading without an arm counts with either.
    """
    left = [r for r in readings if r.arm is Arm.LEFT]
    right = [r for r in readings if r.arm is Arm.RIGHT]
    if not left or not right:
        return tuple(readings)
    higher = Arm.LEFT if _systolic(left) >= _systolic(right) else Arm.RIGHT
    return tuple(r for r in readings if r.arm in (higher, Arm.UNSAID))


def _systolic(readings: Sequence[PressureReading]) -> Decimal:
    return sum((r.systolic for r in readings), Decimal(0)) / len(readings)


def _mean(
    of: Sequence[PressureReading], used: Sequence[PressureReading], method: Method
) -> CountingPressure:
    return CountingPressure(
        _rounded(sum((r.systolic for r in of), Decimal(0)) / len(of)),
        _rounded(sum((r.diastolic for r in of), Decimal(0)) / len(of)),
        method,
        tuple(used),
    )


def _rounded(mean: Decimal) -> Decimal:
    return mean.quantize(Decimal(1), ROUND_HALF_UP)
