"""Makes one stable reading of a stream of samples.

Oximeter streams have no checksum that a patient's record could rest on, and the first seconds
after a finger goes in are noise. A value counts when every sample of some seconds agreed; then the
stream is silent until the finger was out, so that one finger gives one reading.

    empty --sample--> gathering --held long enough--> delivered --finger out--> empty
                      gathering --disagreement, gap--> gathering anew
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median_low

from edge.model.reading import Code, Kind, Measurement, Value

STREAMED = frozenset({Kind.OXIMETRY, Kind.HEART_RATE})
"""What comes as samples; other kinds in a stream (a board's cuff) are results of their own."""


@dataclass(frozen=True, slots=True)
class Stability:
    """What agreement means: `hold_ms` without a disagreement wider than the spreads.

    Spreads are the whole width (4 is plus or minus 2). A silence of `gap_ms` starts anew; the
    finger counts as out after `out_ms` of samples without a value.
    """

    hold_ms: int = 5000
    spo2_spread: Decimal = Decimal(4)
    pulse_spread: Decimal = Decimal(10)
    gap_ms: int = 2500
    out_ms: int = 1000
    least_samples: int = 4


_MOST_SAMPLES = 1000
"""More than any device sends while it is held; further samples agree or not, but are not kept."""


class Agreement:
    """Feed it each sample with the caller's monotonic time; it returns at most one per finger."""

    def __init__(self, stability: Stability | None = None) -> None:
        self._stability = stability or Stability()
        self._window: list[Measurement] = []
        self._spans: dict[str, tuple[Decimal, Decimal]] = {}
        self._since_ms = 0
        self._last_ms = 0
        self._out_since_ms: int | None = None
        self._delivered = False

    def feed(self, now_ms: int, sample: Measurement | None) -> Measurement | None:
        """Take one sample, None for "no valid value"; return the stable reading when it stands."""
        if sample is not None and sample.kind not in STREAMED:
            return sample
        if sample is None:
            self._finger_out(now_ms)
            return None
        self._out_since_ms = None
        if self._delivered:
            return None
        self._gather(now_ms, sample)
        stands = now_ms - self._since_ms >= self._stability.hold_ms
        if not stands or len(self._window) < self._stability.least_samples:
            return None
        self._delivered = True
        window, self._window = self._window, []
        return _stable(window)

    def _finger_out(self, now_ms: int) -> None:
        self._window, self._spans = [], {}
        if self._out_since_ms is None or now_ms < self._out_since_ms:
            self._out_since_ms = now_ms
        if now_ms - self._out_since_ms >= self._stability.out_ms:
            self._delivered = False

    def _gather(self, now_ms: int, sample: Measurement) -> None:
        continues = 0 <= now_ms - self._last_ms <= self._stability.gap_ms
        spans = self._widened(sample)
        if not (self._window and continues and self._agree(spans)):
            self._window, self._spans = [], {}
            self._since_ms = now_ms
            spans = self._widened(sample)
        self._last_ms = now_ms
        self._spans = spans
        if len(self._window) < _MOST_SAMPLES:
            self._window.append(sample)

    def _widened(self, sample: Measurement) -> dict[str, tuple[Decimal, Decimal]]:
        numbers = {value.code: value.value for value in sample.values}
        spans = {}
        for code in (Code.SPO2, Code.PULSE):
            if code in numbers:
                low, high = self._spans.get(code, (numbers[code], numbers[code]))
                spans[str(code)] = (min(low, numbers[code]), max(high, numbers[code]))
        return spans

    def _agree(self, spans: dict[str, tuple[Decimal, Decimal]]) -> bool:
        """A pulse that comes or goes is a disagreement too."""
        limits = {Code.SPO2: self._stability.spo2_spread, Code.PULSE: self._stability.pulse_spread}
        same = not self._window or spans.keys() == self._spans.keys()
        return same and all(high - low <= limits[Code(code)] for code, (low, high) in spans.items())


def _numbers(samples: Sequence[Measurement], code: str) -> list[Decimal]:
    return [value.value for sample in samples for value in sample.values if value.code == code]


def _stable(window: Sequence[Measurement]) -> Measurement:
    last = window[-1]
    values = tuple(
        Value(value.code, median_low(_numbers(window, value.code)), value.unit)
        for value in last.values
    )
    quality = tuple(dict.fromkeys(flag for sample in window for flag in sample.quality))
    return replace(last, values=values, quality=quality)
