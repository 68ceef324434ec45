"""Seeded cases for the clinical rules, as JSON: values at their step, often beside a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

Case = dict[str, Any]

_NEWS2_BOUNDS = {
    "rr": (8, 9, 11, 12, 20, 21, 24, 25),
    "spo2": (83, 84, 85, 86, 87, 88, 91, 92, 93, 94, 95, 96, 97),
    "sbp": (90, 91, 100, 101, 110, 111, 219, 220),
    "hr": (40, 41, 50, 51, 90, 91, 110, 111, 130, 131),
    "temp_tenths": (350, 351, 360, 361, 380, 381, 390, 391),
}
_NEWS2_RANGES = {
    "rr": (4, 80),
    "spo2": (50, 100),
    "sbp": (30, 299),
    "hr": (20, 299),
    "temp_tenths": (250, 450),
}


def cases(ask: str, seed: int, count: int) -> Iterator[Case]:
    """Yield `count` inputs of a rule; the same seed gives the same."""
    random = Random(f"{ask} {seed}")
    for _ in range(count):
        yield _MADE[ask](random)


def _news2(random: Random) -> Case:
    case: Case = {name: _near(random, name) for name in _NEWS2_RANGES}
    case["temp_c"] = str(Decimal(case.pop("temp_tenths")) / 10)
    return case | {
        "age_years": random.randint(16, 100),
        "pregnant": False,
        "o2": random.random() < 0.4,
        "consciousness": random.choice("AAAACVPU"),
        "spo2_scale": random.choice((1, 2)),
        "scale2_authorised_by": "a clinician",
    }


def _near(random: Random, name: str) -> int:
    if random.random() < 0.5:
        return random.choice(_NEWS2_BOUNDS[name])
    return random.randint(*_NEWS2_RANGES[name])


def _qsofa(random: Random) -> Case:
    return {
        "age_years": random.randint(18, 100),
        "rr": random.choice((21, 22, random.randint(4, 80))),
        "sbp": random.choice((100, 101, random.randint(30, 299))),
        "altered_mentation": random.random() < 0.5,
    }


def _bmi(random: Random) -> Case:
    height, index = random.randint(1300, 2200), random.randint(140, 600)
    weight = round(index * height * height / 10**7, 1)
    return {
        "age_years": random.randint(19, 100),
        "pregnant": False,
        "weight_kg": str(weight),
        "height_cm": str(Decimal(height) / 10),
    }


def _growth(random: Random) -> Case:
    """A child somewhere between -6 and +5 of the standards, often at the day of a switch."""
    days = random.choice((0, 90, 91, 273, 729, 730, 731, 732, 1826, *[_any_day(random)] * 20))
    lying = random.random() < 0.5 if days > 273 else True
    share = days / 1826
    usual = 50 + 60 * share**0.6
    measured = Decimal(str(round(usual * random.uniform(0.85, 1.12), 1)))
    correction = Decimal("0.7") if days < 731 and not lying else Decimal(0)
    if days >= 731 and lying:
        correction = Decimal("-0.7")
    weight = 3.3 + 15 * share**0.6
    return {
        "sex": random.choice("fm"),
        "age_days": days,
        "position": "lying" if lying else "standing",
        "height_cm": str(measured),
        "standard_cm": str(measured + correction),
        "weight_kg": str(round(max(weight * random.uniform(0.55, 1.5), 1.0), 2)),
        "muac_mm": str(random.randint(85, 220)),
        "head_cm": str(round((34 + 16 * share**0.4) * random.uniform(0.88, 1.1), 1)),
    }


def _any_day(random: Random) -> int:
    return random.randint(0, 1826)


def _growth_5_19(random: Random) -> Case:
    """At whole months, because the other implementation knows no days there."""
    months = random.randint(62, 228)
    days = int(months * Decimal("30.4375"))
    height = Decimal(str(round((105 + 65 * (months - 60) / 168) * random.uniform(0.85, 1.12), 1)))
    index = Decimal(str(round(random.uniform(11, 34), 1)))
    weight = (index * height * height / 10000).quantize(Decimal("0.01"))
    exact = weight * 10000 / (height * height)
    return {
        "sex": random.choice("fm"),
        "age_days": days,
        "height_cm": str(height),
        "weight_kg": str(weight),
        "bmi": str(exact.quantize(Decimal("0.00001"))),
    }


_MADE: dict[str, Callable[[Random], Case]] = {
    "news2": _news2,
    "qsofa": _qsofa,
    "bmi_adult": _bmi,
    "who_growth": _growth,
    "bmi_for_age_5_19": _growth_5_19,
}
ASKED = tuple(_MADE)
