"""Charts as SVG made by the box: readable by a screen reader, printable, without script.

The time axis runs left to right in every language, as on the paper charts beside the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 880, 240
_INLINE_PAD, _TOP, _BOTTOM = 64, 16, 40
_LINES = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: when, its value, for a pressure also the lower one, and how to mark it."""

    when: datetime
    high: Decimal
    low: Decimal | None = None
    unusual: bool = False


def chart(points: Sequence[Point], title: str, described: str) -> Markup:
    """Draw points (oldest first) with a title and a text that says the same."""
    scale = _Scale(points)
    drawn = [*_grid(scale), *_curve(points, scale)]
    for point in points:
        drawn.append(_mark(point, scale))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" direction="ltr"'
        ' aria-labelledby="chart-title chart-desc"><title id="chart-title">{}</title>'
        '<desc id="chart-desc">{}</desc>{}</svg>'
    ).format(WIDTH, HEIGHT, title, described, Markup("").join(drawn))


class _Scale:
    """Where a moment and a value stand on the drawing."""

    def __init__(self, points: Sequence[Point]) -> None:
        values = [v for p in points for v in (p.high, p.low) if v is not None]
        margin = max((max(values) - min(values)) / 5, Decimal(1))
        self.lowest, self.highest = min(values) - margin, max(values) + margin
        self.first, self.last = points[0].when, points[-1].when

    def x(self, when: datetime) -> int:
        span = (self.last - self.first).total_seconds()
        if span <= 0:
            return WIDTH // 2
        room = WIDTH - 2 * _INLINE_PAD - 20
        return round(_INLINE_PAD + 10 + (when - self.first).total_seconds() / span * room)

    def y(self, value: Decimal) -> int:
        room = HEIGHT - _TOP - _BOTTOM
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(HEIGHT - _BOTTOM - share * room)


def _grid(scale: _Scale) -> list[Markup]:
    step = _round_step((scale.highest - scale.lowest) / _LINES)
    drawn, value = [], (scale.lowest / step).to_integral_value(ROUND_CEILING) * step
    while value <= scale.highest:
        at = scale.y(value)
        drawn.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(_INLINE_PAD, WIDTH - 10, at, at, _INLINE_PAD - 6, at + 4, f"{value:f}")
        )
        value += step
    return [*drawn, *_dates(scale)]


def _round_step(least: Decimal) -> Decimal:
    """Return the first of 1, 2, 5, 10, 20 … (or 0.1, 0.2, 0.5) that is not below `least`."""
    steps = [Decimal(n).scaleb(power) for power in (-1, 0, 1, 2) for n in (1, 2, 5)]
    return next((step for step in steps if step >= least), steps[-1])


def _dates(scale: _Scale) -> list[Markup]:
    ends = [(scale.first, "start", _INLINE_PAD), (scale.last, "end", WIDTH - 10)]
    if scale.first.date() == scale.last.date():
        ends = [(scale.first, "middle", WIDTH // 2)]
    text = '<text x="{}" y="{}" text-anchor="{}">{}</text>'
    return [
        Markup(text).format(x, HEIGHT - 12, anchor, when.strftime("%Y-%m-%d"))
        for when, anchor, x in ends
    ]


def _curve(points: Sequence[Point], scale: _Scale) -> list[Markup]:
    if any(p.low is not None for p in points):
        return []
    line = '<line class="curve" x1="{}" y1="{}" x2="{}" y2="{}"/>'
    return [
        Markup(line).format(scale.x(a.when), scale.y(a.high), scale.x(b.when), scale.y(b.high))
        for a, b in pairwise(points)
    ]


def _mark(point: Point, scale: _Scale) -> Markup:
    x, y = scale.x(point.when), scale.y(point.high)
    out = " out" if point.unusual else ""
    if point.low is None:
        return Markup('<circle class="spot{}" cx="{}" cy="{}" r="5"/>').format(out, x, y)
    line = '<line class="bar{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
    return Markup(line).format(out, x, x, y, scale.y(point.low))
