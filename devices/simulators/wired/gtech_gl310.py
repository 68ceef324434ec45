"""G-Tech GL-310 height and weight station: labelled printer text that ends with `1B 54 00`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.wired.machine import LINE_FAULTS, Pusher

_END = b"\x1bT\x00"


def ticket(weight_kg: Decimal, height_cm: Decimal) -> bytes:
    """Return the text that the printer would print."""
    bmi = (weight_kg * 10_000 / height_cm**2).quantize(Decimal("0.1"))
    rows = (
        "GENDER   ---- FEMALE",
        f"WEIGHT   ---- {weight_kg:.2f} kg",
        f"HEIGHT   ---- {height_cm:.1f} cm",
        f"B  M  I  ---- {bmi:.1f}   ",
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
