"""The quality of a month's data: rounded numbers, typed values, devices that drift, gaps.

Nothing here is a clinical limit. What stands out is said by chance alone: Pearson's chi-square over
ten end digits (9 degrees of freedom, 16.92 at the level 0.05), and a mean that is more than three
standard errors from the device's own past. Few values say nothing: `LEAST` are needed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from edge.model.reading import Code
from edge.reports.core import months
from edge.reports.core.settled import Happening, Settled

LEAST: Final = 50
CHI_SQUARE_LIMIT: Final = Decimal("16.92")
STANDARD_ERRORS: Final = 3
PAST_MONTHS: Final = 3
PRESSURES: Final = (Code.SYSTOLIC, Code.DIASTOLIC)


@dataclass(frozen=True, slots=True)
class EndDigits:
    """The last digits of pressures of one source: a device's id, or a worker's id when typed.

    `round_share` is the percentage that ends with 0 or 5; a fair source has 20.
    """

    source: str
    is_device: bool
    values: int
    round_share: int
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """A device's mean of a value in the month beside that of the three months before."""

    device: str
    code: str
    mean: Decimal
    past_mean: Decimal
    values: int
    past_values: int
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """What is said of a month; shares are percentages, `incomplete` visits lack something."""

    readings: int
    typed: int
    visits: int
    without_reading: int
    without_outcome: int
    digits: tuple[EndDigits, ...]
    drifts: tuple[Drift, ...]

    @property
    def typed_share(self) -> int:
        """The percentage of readings that were typed by hand."""
        return _percent(self.typed, self.readings)


def quality(settled: Settled, month: str) -> Quality:
    """Return the quality of a month's data."""
    readings = [row for row in settled.kind("reading") if row.day.startswith(month)]
    seen = [v for v in settled.visits.values() if v.day.startswith(month) and not v.is_alone]
    measured = {row.visit for row in readings}
    return Quality(
        len(readings),
        sum(row.data.get("source") == "typed" for row in readings),
        len(seen),
        sum(visit.id not in measured for visit in seen),
        sum(not visit.notes.get("outcome") for visit in seen),
        tuple(_digits(readings)),
        tuple(_drifts(settled.kind("reading"), month)),
    )


def _digits(readings: Iterable[Happening]) -> list[EndDigits]:
    by_source: dict[tuple[bool, str], Counter[int]] = defaultdict(Counter)
    for row in readings:
        device = row.data.get("device")
        source = (bool(device), str(device or row.data.get("actor") or ""))
        for code, number in _numbers(row):
            if code in PRESSURES and number == number.to_integral_value():
                by_source[source][int(number) % 10] += 1
    return [_of_source(*source, digits) for source, digits in sorted(by_source.items())]


def _of_source(is_device: bool, source: str, digits: Counter[int]) -> EndDigits:
    values = digits.total()
    expected = Decimal(values) / 10
    chi_square = sum((digits[digit] - expected) ** 2 / expected for digit in range(10))
    stands_out = values >= LEAST and chi_square > CHI_SQUARE_LIMIT
    return EndDigits(source, is_device, values, _percent(digits[0] + digits[5], values), stands_out)


def _drifts(readings: Iterable[Happening], month: str) -> list[Drift]:
    since, until = months.first_day(months.before(month, PAST_MONTHS)), months.last_day(month)
    now: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    past: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in readings:
        if row.data.get("device") and since <= row.day <= until:
            side = now if row.day.startswith(month) else past
            for code, number in _numbers(row):
                side[str(row.data["device"]), code].append(number)
    both = sorted(now.keys() & past.keys())
    enough = (k for k in both if min(len(now[k]), len(past[k])) >= LEAST)
    return [_drift(*key, now[key], past[key]) for key in enough]


def _drift(device: str, code: str, now: list[Decimal], past: list[Decimal]) -> Drift:
    mean, past_mean = _mean(now), _mean(past)
    error = (_variance(now, mean) / len(now) + _variance(past, past_mean) / len(past)).sqrt()
    stands_out = abs(mean - past_mean) > STANDARD_ERRORS * error
    tenth = Decimal("0.1")
    return Drift(
        *(device, code, mean.quantize(tenth), past_mean.quantize(tenth), len(now), len(past)),
        stands_out,
    )


def _mean(numbers: list[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0)) / len(numbers)


def _variance(numbers: list[Decimal], mean: Decimal) -> Decimal:
    return sum(((n - mean) ** 2 for n in numbers), Decimal(0)) / (len(numbers) - 1)


def _numbers(row: Happening) -> Iterable[tuple[str, Decimal]]:
    for value in row.data["values"]:
        try:
            number = Decimal(value[1])
        except InvalidOperation:
            continue
        if number.is_finite() and abs(number) < 10**9:
            yield value[0], number


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
