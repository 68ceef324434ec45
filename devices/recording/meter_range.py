"""What a glucose meter can measure, and what becomes of a number outside of it. Pure.

A meter shows LO or HI beyond its range, though some keep the number: of a meter that is known, it
is kept as "less than" or "more than" the end of the range. Of one that is not known, a number below
the range may be a ketone, which some send through the glucose profile, multiplied: it is refused,
with the number in the reason, for it would look like a dangerous value of somebody who is well.
HI and LO that come without a number stand for the end of the range, too, see
`devices.protocols.glucose.BEYOND` for those of a meter that is not known.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from devices.model import GlucoseRange, Model
from devices.protocols.glucose import BEYOND
from devices.recording.recorder import Refusal
from edge.model.reading import Code, Kind, Measurement, Value

MG_DL_PER_MMOL_L = Decimal("18.016")
"""Of glucose, whose molar mass is 180.16 g/mol."""

ANY_METER = GlucoseRange(
    Decimal(20),
    None,
    "most meters show LO there: Contour, OneTouch",
    "refused",
)
"""Of a meter whose row says nothing, or that has none."""


def judged(measured: Measurement, model: Model | None) -> Measurement | Refusal:
    """Return the measurement as its meter can have meant it, or why it is none.

    `model` is the row of the catalogue; None is any meter.
    """
    if measured.kind is not Kind.GLUCOSE:
        return measured  # a laboratory analyser has limits of its own
    known = model.glucose_range if model else None
    values = []
    for value in measured.values:
        kept = _judged(value, known or ANY_METER)
        if isinstance(kept, Refusal):
            return kept
        values.append(kept)
    return replace(measured, values=tuple(values))


def control(measured: Measurement, model: Model | None) -> Measurement:
    """Return a measurement of control material in the meter's own range; none is refused."""
    possible = judged(measured, model)
    return measured if isinstance(possible, Refusal) else possible


def _judged(value: Value, limits: GlucoseRange) -> Value | Refusal:
    if value.code not in (Code.GLUCOSE_MG_DL, Code.GLUCOSE_MMOL_L):
        return value
    if value.comparator:
        return _own_limit(value, limits)
    low = _in_unit(limits.low_mg_dl, value.unit)
    if value.value < low and limits.below == "lo":
        return replace(value, value=low, comparator="<")
    if value.value < low:
        text = f"glucose {value.value} {value.unit} is less than the meter can measure ({low})"
        return Refusal("below-meter-range", text)
    if limits.high_mg_dl is None or value.value <= _in_unit(limits.high_mg_dl, value.unit):
        return value
    return replace(value, value=_in_unit(limits.high_mg_dl, value.unit), comparator=">")


def _own_limit(value: Value, limits: GlucoseRange) -> Value:
    """Return HI and LO without a number by the meter's own limits, where these are known."""
    low, high = BEYOND[value.unit]
    if limits is ANY_METER or value.value != (high if value.comparator == ">" else low):
        return value
    own = limits.high_mg_dl if value.comparator == ">" else limits.low_mg_dl
    return value if own is None else replace(value, value=_in_unit(own, value.unit))


def _in_unit(mg_dl: Decimal, unit: str) -> Decimal:
    """Return a limit as meters print it: whole mg/dL, or mmol/L to one place."""
    if unit == "mg/dL":
        return mg_dl
    return (mg_dl / MG_DL_PER_MMOL_L).quantize(Decimal("0.1"), ROUND_HALF_UP)
