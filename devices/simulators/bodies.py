"""Simulated bodies: correlated vital signs that drift slowly, from a seeded generator.

One body has a resting state of its own and a passing arousal that moves pressure and pulse
together; fever raises the pulse by about 10 per minute and degree (Liebermeister's rule). The
spread of a population is a rough picture of a rural clinic's waiting room, not epidemiology.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Condition(StrEnum):
    """What brought a simulated patient to the clinic."""

    WELL = "well"
    HYPERTENSIVE = "hypertensive"
    FEVERISH = "feverish"
    BREATHLESS = "breathless"
    WASTED = "wasted"


@dataclass(frozen=True, slots=True)
class Traits:
    """The resting state of a body: mmHg, beats/min, %, degrees Celsius, kg, cm."""

    systolic: float
    diastolic: float
    pulse: float
    spo2: float
    temperature: float
    weight: float
    height: float
    condition: Condition = Condition.WELL


@dataclass(frozen=True, slots=True)
class Pressure:
    """What a cuff sees: mmHg and beats/min, and whether the pulse was irregular."""

    systolic: Decimal
    diastolic: Decimal
    mean: Decimal
    pulse: Decimal
    irregular: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Saturation:
    """What an oximeter sees: SpO2 in %, pulse in beats/min, perfusion index in %."""

    spo2: Decimal
    pulse: Decimal
    perfusion: Decimal


@dataclass(frozen=True, slots=True)
class Composition:
    """What a body composition scale sees.

    Weight and water in kg, fat and muscle in %, impedance in ohm, basal metabolic rate in kJ.
    """

    weight: Decimal
    fat: Decimal
    muscle: Decimal
    water: Decimal
    impedance: Decimal
    basal_rate: Decimal


class Body:
    """One simulated person. Every measurement lets a little time pass in the body."""

    def __init__(self, traits: Traits, rng: random.Random) -> None:
        self.traits = traits
        self._rng = rng
        self._arousal = rng.gauss(0, 0.5)
        self._breath = 0.0

    def measure_pressure(self) -> Pressure:
        """Take the blood pressure with a cuff."""
        self._drift()
        systolic = round(self.traits.systolic + 6 * self._arousal + self._rng.gauss(0, 1.5))
        diastolic = round(self.traits.diastolic + 3 * self._arousal + self._rng.gauss(0, 1))
        diastolic = max(30, min(diastolic, systolic - 20))
        return Pressure(
            systolic=Decimal(systolic),
            diastolic=Decimal(diastolic),
            mean=Decimal(diastolic + round((systolic - diastolic) / 3)),
            pulse=self._pulse(),
            irregular=self._rng.random() < 0.03,
        )

    def measure_saturation(self) -> Saturation:
        """Look through the finger with an oximeter."""
        self._drift()
        spo2 = min(100, max(60, round(self.traits.spo2 + self._breath)))
        tenths = max(3, round(10 * (2.4 + 0.6 * self._arousal + self._rng.gauss(0, 0.1))))
        return Saturation(Decimal(spo2), self._pulse(), _tenths(tenths))

    def measure_temperature(self) -> Decimal:
        """Take the temperature in degrees Celsius."""
        self._drift()
        return _tenths(round(10 * (self.traits.temperature + self._rng.gauss(0, 0.05))))

    def measure_weight(self) -> Decimal:
        """Weigh the body in kg, in steps of 0.05 kg, clothes included."""
        self._drift()
        steps = round(20 * (self.traits.weight + self._rng.gauss(0, 0.1)))
        return Decimal(steps * 5).scaleb(-2)

    def measure_height(self) -> Decimal:
        """Measure the height in cm, to the millimetre."""
        return _tenths(round(10 * self.traits.height))

    def measure_glucose(self) -> Decimal:
        """Prick the finger: capillary blood glucose in mg/dL, fasting or after a meal."""
        self._drift()
        raised = 45 if self.traits.condition is Condition.HYPERTENSIVE else 0
        eaten = self._rng.choice((0, 0, 35))
        return Decimal(min(550, max(45, round(95 + raised + eaten + self._rng.gauss(0, 12)))))

    def measure_haemoglobin(self) -> Decimal:
        """Take a drop of blood: haemoglobin in g/dL."""
        resting = 9.5 if self.traits.condition is Condition.WASTED else 12.8
        return _tenths(max(50, round(10 * (resting + self._rng.gauss(0, 0.8)))))

    def measure_composition(self) -> Composition:
        """Stand barefoot on a body composition scale (rough: fat follows the body mass index)."""
        weight = self.measure_weight()
        bmi = float(weight) / (self.traits.height / 100) ** 2
        fat = min(50.0, max(6.0, 1.4 * bmi - 11 + self._rng.gauss(0, 0.5)))
        return Composition(
            weight=weight,
            fat=_tenths(round(10 * fat)),
            muscle=_tenths(round(10 * (100 - fat) * 0.52)),
            water=_tenths(round(10 * (100 - fat) * 0.73 * float(weight) / 100)),
            impedance=Decimal(round(450 + 4 * fat)),
            basal_rate=Decimal(round(90 * float(weight))),
        )

    def _drift(self) -> None:
        """Pull arousal and breath back towards rest and push them a little at random."""
        self._arousal = 0.9 * self._arousal + self._rng.gauss(0, 0.2)
        self._breath = 0.8 * self._breath + self._rng.gauss(0, 0.3)

    def _pulse(self) -> Decimal:
        fever = 10 * max(0.0, self.traits.temperature - 37)
        pulse = self.traits.pulse + fever + 4 * self._arousal + self._rng.gauss(0, 0.7)
        return Decimal(min(220, max(35, round(pulse))))


def patients(seed: int) -> Iterator[Body]:
    """Yield a day of patients without end; the same seed gives the same day."""
    rng = random.Random(seed)
    while True:
        yield Body(_draw(rng), random.Random(rng.getrandbits(64)))


_WEIGHTS = {
    Condition.WELL: 55,
    Condition.HYPERTENSIVE: 20,
    Condition.FEVERISH: 12,
    Condition.BREATHLESS: 8,
    Condition.WASTED: 5,
}


def _draw(rng: random.Random) -> Traits:
    condition = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    height = rng.gauss(162, 9)
    bmi = 15.5 if condition is Condition.WASTED else max(17.0, rng.gauss(23.5, 3.5))
    systolic = rng.gauss(118, 9) + (38 if condition is Condition.HYPERTENSIVE else 0)
    return Traits(
        systolic=systolic,
        diastolic=0.55 * systolic + rng.gauss(13, 4),
        pulse=rng.gauss(74, 8) + (12 if condition is Condition.BREATHLESS else 0),
        spo2=rng.gauss(89, 2) if condition is Condition.BREATHLESS else rng.gauss(97.2, 0.7),
        temperature=rng.gauss(38.8, 0.5)
        if condition is Condition.FEVERISH
        else rng.gauss(36.6, 0.2),
        weight=bmi * (height / 100) ** 2,
        height=height,
        condition=condition,
    )


def _tenths(count: int) -> Decimal:
    return Decimal(count).scaleb(-1)
