"""How simulated devices misbehave, on request or by a seeded schedule."""

from __future__ import annotations

import random
from collections.abc import Collection
from enum import StrEnum


class Fault(StrEnum):
    """One thing that goes wrong in one act of measuring."""

    DROP = "drop"
    """The link is lost after the subscription, or the line in the middle of a frame."""
    TRUNCATED = "truncated"
    """The value ends too early for its own flags."""
    WRONG_CLOCK = "wrong-clock"
    """The device's clock was never set."""
    NAN = "nan"
    """The measurement fails; the device says so in its own way."""
    FINGER_OUT = "finger-out"
    """No finger in the sensor."""
    LOW_BATTERY = "low-battery"
    """The battery is nearly empty; a streaming device falls silent early."""
    GARBAGE_PREFIX = "garbage-prefix"
    """Line noise comes before the frame."""
    FLIPPED_BIT = "flipped-bit"
    """One bit of the frame is wrong."""
    LOST_BYTE = "lost-byte"
    """One byte of the frame does not arrive."""
    REPEATED = "repeated"
    """The frame comes twice."""
    MUTE = "mute"
    """The device is there and says nothing."""
    MOTION = "motion"
    """The person moved: the value carries a doubt, or there is none."""
    CONTROL = "control"
    """Control solution, or control blood, was measured instead of somebody's blood."""
    KETONE = "ketone"
    """A ketone strip was measured: a number by the meter's own factor, not by glucose's."""
    OBJECT = "object"
    """A thing was weighed in the scale's mode for things."""
    BUSY = "busy"
    """The device refuses the next request because it is busy."""
    STALE_BOND = "stale-bond"
    """The device has forgotten its bond: it serves nobody until the host removes and renews it."""


NEEDS_A_PERSON = frozenset({Fault.STALE_BOND, Fault.KETONE, Fault.OBJECT})
"""What somebody does or has to mend: never drawn by chance."""


class UnsupportedFaultError(ValueError):
    """A device was asked for a fault that it cannot have."""

    def __init__(self, device: str, fault: Fault) -> None:
        super().__init__(f"{device} has no fault {fault.value!r}")
        self.device = device
        self.fault = fault


class FaultSchedule:
    """Draws a fault for a measurement with probability `rate`; the same seed, the same story."""

    def __init__(self, rate: float, rng: random.Random) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"a fault rate lies between 0 and 1, not {rate}")
        self._rate = rate
        self._rng = rng

    def draw(self, possible: Collection[Fault]) -> Fault | None:
        """Return a fault that the device can have and that passes by itself, or None."""
        passing = sorted(set(possible) - NEEDS_A_PERSON)
        if not passing or self._rng.random() >= self._rate:
            return None
        return self._rng.choice(passing)
