"""The LMS tables of WHO for growth: a row by sex and age or length, and the z-score of a value.

L is the power of Box and Cox, M the median, S the coefficient of variation (Cole and Green,
Statistics in Medicine 1992;11:1305). Beyond 3 standard deviations the z-score grows by the distance
between 2 and 3 (WHO Child Growth Standards: methods and development, 2006, chapter 7). Everything
is `Decimal`, so that box and hospital get the same digits on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import cache
from importlib.resources import files

FEMALE, MALE = "f", "m"

_REAL = Context(prec=20, traps=[])
"""Twenty digits, and no exception: what cannot be computed is not finite."""

_STEP = Decimal("0.0001")
_ONE, _TWO, _THREE = Decimal(1), Decimal(2), Decimal(3)


@dataclass(frozen=True, slots=True)
class Lms:
    """One row of a table: L, M in the unit of the value, S."""

    power: Decimal
    median: Decimal
    variation: Decimal

    def at(self, z: Decimal) -> Decimal:
        """Return the value at a z-score, in the unit of the median."""
        spread = _REAL.multiply(self.variation, z)
        if not self.power:
            return _REAL.multiply(self.median, _REAL.exp(spread))
        base = _REAL.add(_ONE, _REAL.multiply(self.power, spread))
        return _REAL.multiply(self.median, _REAL.power(base, _REAL.divide(_ONE, self.power)))

    def z(self, value: Decimal) -> Decimal | None:
        """Return the z-score of a value, rounded to 0.0001; None when it has none."""
        if not value.is_finite() or value <= 0:
            return None
        z = self._plain(value)
        if z > _THREE:
            third = self.at(_THREE)
            z = _THREE + _REAL.divide(value - third, third - self.at(_TWO))
        elif z < -_THREE:
            third = self.at(-_THREE)
            z = -_THREE + _REAL.divide(value - third, self.at(-_TWO) - third)
        if not z.is_finite() or abs(z) > 1000:
            return None
        return z.quantize(_STEP, ROUND_HALF_UP)

    def _plain(self, value: Decimal) -> Decimal:
        share = _REAL.divide(value, self.median)
        if not self.power:
            return _REAL.divide(_REAL.ln(share), self.variation)
        above = _REAL.subtract(_REAL.power(share, self.power), _ONE)
        return _REAL.divide(above, _REAL.multiply(self.power, self.variation))


@dataclass(frozen=True, slots=True)
class LmsTable:
    """The rows of one indicator: by sex, one row a day, month or millimetre, without a gap."""

    first: int
    rows: Mapping[str, tuple[str, ...]]

    def row(self, sex: str, key: int) -> Lms | None:
        """Return the row of a day, month or millimetre, None outside the table."""
        rows = self.rows.get(sex, ())
        place = key - self.first
        if not 0 <= place < len(rows):
            return None
        power, median, variation = rows[place].split()
        return Lms(Decimal(power), Decimal(median), Decimal(variation))

    def between(self, sex: str, key: Decimal) -> Lms | None:
        """Return the row of a key that may lie between two rows, by a straight line."""
        if not key.is_finite():
            return None
        low = key.to_integral_value(ROUND_FLOOR)
        row, share = self.row(sex, int(low)), key - low
        if row is None or not share:
            return row
        after = self.row(sex, int(low) + 1)
        if after is None:
            return None
        return Lms(
            row.power + share * (after.power - row.power),
            row.median + share * (after.median - row.median),
            row.variation + share * (after.variation - row.variation),
        )

    @property
    def last(self) -> int:
        """Return the last key of the table."""
        return self.first + len(self.rows[FEMALE]) - 1


@cache
def table(name: str) -> LmsTable:
    """Read a table of `edge/rules/lms/`; its first line says what its columns are."""
    text = files("edge.rules").joinpath("lms", f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    split = [line.split(" ", 2) for line in lines]
    rows = {sex: tuple(row for mark, _, row in split if mark == sex) for sex in (FEMALE, MALE)}
    return LmsTable(int(split[0][1]), rows)
