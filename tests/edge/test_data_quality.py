"""Rounded numbers, typed values, drifting devices and gaps are seen; chance alone says nothing."""

from __future__ import annotations

import pytest
from month_facts import Clinic, pressure

from edge.reports.core import render
from edge.reports.core.quality import Quality, quality
from edge.reports.core.settled import settle

MONTH = "2026-11"


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def of(clinic: Clinic, month: str = MONTH) -> Quality:
    return quality(settle(clinic.facts, clinic.people), month)


def measure(clinic: Clinic, day: str, upper: int, lower: int, device: str = "cuff") -> None:
    values = {"values": pressure(upper, lower), "source": "device", "device": device}
    clinic.write("reading", day, {"kind": "blood-pressure", "patient": "p", **values})


def test_a_source_that_rounds_stands_out_and_a_fair_one_does_not(clinic: Clinic) -> None:
    for number in range(60):
        measure(clinic, "2026-11-03", 120 + number, 70 + number * 7 % 10, "fair")
        measure(clinic, "2026-11-03", 120 + number % 5 * 10, 80, "rounds")
    fair, rounds = of(clinic).digits
    assert (fair.source, fair.stands_out, fair.round_share) == ("fair", False, 20)
    assert (rounds.source, rounds.stands_out, rounds.round_share) == ("rounds", True, 100)


def test_few_values_say_nothing(clinic: Clinic) -> None:
    for _ in range(20):
        measure(clinic, "2026-11-03", 120, 80)
    [digits] = of(clinic).digits
    assert (digits.values, digits.stands_out) == (40, False)


def test_a_device_is_compared_with_its_own_past(clinic: Clinic) -> None:
    for number in range(60):
        measure(clinic, "2026-09-03", 120 + number % 9, 80 + number % 7)
        measure(clinic, "2026-11-03", 130 + number % 9, 80 + number % 7)
    upper, lower = sorted(of(clinic).drifts, key=lambda row: row.code, reverse=True)
    assert (upper.code, upper.stands_out, upper.mean - upper.past_mean) == ("8480-6", True, 10)
    assert (lower.code, lower.stands_out) == ("8462-4", False)
    assert of(clinic, "2026-09").drifts == ()


def test_typed_values_and_incomplete_visits_are_counted(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.measured(who, "2026-11-02")
    empty = clinic.visit(who, "2026-11-03")
    note = {"visit": empty, "patient": who, "set": {"outcome": "home"}}
    clinic.write("visit-note", "2026-11-03", note)
    clinic.visit(who, "2026-11-04", mode="alone")
    typed = {"kind": "weight", "source": "typed", "values": [["29463-7", "61", "kg"]]}
    clinic.write("reading", "2026-11-05", {**typed, "patient": who})
    found = of(clinic)
    assert (found.readings, found.typed, found.typed_share) == (2, 1, 50)
    assert (found.visits, found.without_reading, found.without_outcome) == (2, 1, 1)
    assert render.quality_json(found)["typed_share"] == 50
