"""Health o meter 500KL: `ESC R`, fields W H B N, `ESC E`; the exact bytes were never captured."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.wired.machine import LINE_FAULTS, Pusher

_TENTH = Decimal("0.1")


def message(weight_kg: Decimal, height_cm: Decimal) -> bytes:
    """Return a message in kg and cm."""
    bmi = (weight_kg * 10_000 / height_cm**2).quantize(_TENTH)
    fields = ("R", f"W{weight_kg:05.1f}", f"H{height_cm:05.1f}", f"B{bmi:04.1f}", "Nm", "E")
    return "".join(f"\x1b{field}" for field in fields).encode("ascii")


class Healthometer500Kl(Pusher):
    """The scale."""

    slug, model, protocol = "500kl", "500KL", "healthometer"
    settings = LineSettings(9600)
    faults = LINE_FAULTS

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the message; it shows no time."""
        if body is None:
            return b""
        return message(body.measure_weight().quantize(_TENTH), body.measure_height())
