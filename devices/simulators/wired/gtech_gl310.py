"""G-Tech GL-310 height and weight station: labelled printer text that ends with `1B 54 00`."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.wired.machine import LINE_FAULTS, Pusher

_END = b"\x1bT\x00"
_TENTH = Decimal("0.1")
_STANDARD_BMI, _FATTY = 21, 120
"""What reproduces the one published ticket."""


def ticket(weight_kg: Decimal, height_cm: Decimal) -> bytes:
    """Return the text that the printer would print; the machine cuts digits off."""
    squared = (height_cm / 100) ** 2
    standard = (_STANDARD_BMI * squared).quantize(Decimal("0.01"), ROUND_DOWN)
    fatness = (weight_kg * 100 / standard).quantize(_TENTH, ROUND_DOWN)
    rows = (
        "GENDER   ---- FEMALE",
        f"WEIGHT   ---- {weight_kg:.2f} kg",
        f"STANDARD ---- {standard} kg",
        f"HEIGHT   ---- {height_cm:.1f} cm",
        f"B  M  I  ----  {(weight_kg / squared).quantize(_TENTH, ROUND_DOWN)}   ",
        f"FATNESS  ---- {fatness} % ",
        f"MARKS    ---- {'FATTY' if fatness >= _FATTY else 'NORMAL'}",
    )
    text = "\x00\r\n" + "\r\n".join(rows) + "\r\n"
    return text.encode("ascii") + _END


class Gl310(Pusher):
    """The station."""

    slug, model, protocol = "gl-310", "GL-310", "gtech_gl310"
    settings = LineSettings(9600)
    faults = LINE_FAULTS

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the ticket; it shows no time."""
        return ticket(body.measure_weight(), body.measure_height()) if body else b""
