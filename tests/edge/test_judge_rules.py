"""The tables of plausibility: what is impossible, and what is asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import pressure

from edge.model.reading import LEFT_OUT, Code, Kind, Measurement, Value
from edge.rules import plausibility

PARAMETERS = {
    "rr": (Code.RESPIRATORY_RATE, "/min"),
    "spo2": (Code.SPO2, "%"),
    "sbp": (Code.SYSTOLIC, "mm[Hg]"),
    "hr": (Code.PULSE, "/min"),
    "temp_c": (Code.TEMPERATURE, "Cel"),
}


@pytest.mark.parametrize(
    ("code", "unit", "inside", "outside"),
    [
        (Code.SYSTOLIC, "mm[Hg]", ("30", "300"), ("29", "301")),
        (Code.DIASTOLIC, "mm[Hg]", ("10", "200"), ("9", "201")),
        (Code.PULSE, "/min", ("20", "300"), ("19", "301")),
        (Code.SPO2, "%", ("40", "100"), ("39", "101", "127")),
        (Code.TEMPERATURE, "Cel", ("25", "45.0"), ("24.9", "45.1")),
        (Code.WEIGHT, "kg", ("0.1", "700"), ("0.09", "700.1", "-1")),
        (Code.GLUCOSE_MG_DL, "mg/dL", ("2", "2700"), ("1", "2701")),
    ],
)
def test_hard_limits_are_inclusive(
    code: str, unit: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    for number in inside:
        assert plausibility.impossible([Value(code, Decimal(number), unit)]) is None, number
    for number in outside:
        found = plausibility.impossible([Value(code, Decimal(number), unit)])
        assert found is not None, number
        assert found.kind == "out-of-range"
        assert number in found.text


def test_a_unit_that_the_table_does_not_know_is_refused() -> None:
    found = plausibility.impossible([Value(Code.WEIGHT, Decimal(70), "[lb_av]")])
    assert found is not None
    assert found.kind == "unit"
    assert plausibility.impossible([Value(Code.BODY_FAT, Decimal(22), "%")]) is None


def test_beyond_a_meters_range_is_a_reading() -> None:
    high = Value(Code.GLUCOSE_MG_DL, Decimal(600), "mg/dL", ">")
    assert plausibility.impossible([high]) is None
    assert [f.name for f in plausibility.doubtful([high])] == ["glucose"]


@given(st.integers(-50, 1200), st.integers(-50, 1200), st.integers(0, 300))
def test_what_is_left_out_is_never_a_main_value(mean: int, pulse: int, systolic: int) -> None:
    sides = (
        Value(Code.MEAN_PRESSURE, Decimal(mean), "mm[Hg]"),
        Value(Code.PULSE, Decimal(pulse), "/min"),
    )
    main = pressure(systolic, 60)[:2]
    sent = Measurement(Kind.BLOOD_PRESSURE, (*main, *sides))
    kept = plausibility.without_impossible(sent)
    assert kept.values[:2] == main
    assert plausibility.refusal(kept) == plausibility.impossible(main)
    assert (LEFT_OUT in kept.quality) == (kept.values != sent.values)
    assert all(plausibility.impossible([value]) is None for value in kept.values[2:])


def test_pressures_that_cross_are_impossible_and_narrow_ones_doubtful() -> None:
    crossed = plausibility.impossible(pressure(80, 90))
    assert crossed is not None
    assert crossed.kind == "crossed"
    assert [f.name for f in plausibility.doubtful(pressure(100, 85))] == ["pulse-pressure"]
    assert plausibility.doubtful(pressure(120, 80)) == ()
    assert [f.name for f in plausibility.doubtful(pressure(120, 80, 130))] == ["pulse"]


@given(st.decimals(-500, 500, places=1), st.sampled_from(sorted(PARAMETERS)))
def test_what_is_impossible_is_never_merely_doubtful(number: Decimal, name: str) -> None:
    code, unit = PARAMETERS[name]
    value = Value(code, number, unit)
    limits = plausibility.limits_of(code, unit)
    assert limits is not None
    low, high = limits.hard
    assert (plausibility.impossible([value]) is None) == (low <= number <= high)
    if limits.soft is not None:
        assert low <= limits.soft[0] <= limits.soft[1] <= high
