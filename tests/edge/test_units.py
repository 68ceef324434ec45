"""One quantity in several units: glucose is one vital, °F and lb are reckoned as people write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model import units
from edge.model.reading import Code, Value


@pytest.mark.parametrize(
    ("code", "number", "unit", "other", "reckoned"),
    [
        (Code.GLUCOSE_MMOL_L, "7.0", "mmol/L", "mg/dL", "126"),
        (Code.GLUCOSE_MG_DL, "126", "mg/dL", "mmol/L", "7.0"),
        (Code.TEMPERATURE, "98.6", "[degF]", "Cel", "37.0"),
        (Code.TEMPERATURE, "101", "[degF]", "Cel", "38.3"),
        (Code.WEIGHT, "150", "[lb_av]", "kg", "68.04"),
        (Code.WEIGHT, "7", "[lb_av]", "kg", "3.18"),
        (Code.WEIGHT, "70", "kg", "kg", "70"),
    ],
)
def test_a_value_is_reckoned_into_another_unit(
    code: str, number: str, unit: str, other: str, reckoned: str
) -> None:
    value = units.in_unit(Value(code, Decimal(number), unit, ">"), other)
    assert (str(value.value), value.unit, value.comparator) == (reckoned, other, ">")


@given(st.integers(20, 600))
def test_glucose_comes_back_to_what_was_measured(mg_dl: int) -> None:
    there = units.other_unit(Value(Code.GLUCOSE_MG_DL, Decimal(mg_dl), "mg/dL"))
    assert there is not None
    assert there.code == Code.GLUCOSE_MMOL_L
    back = units.other_unit(there)
    assert back is not None
    assert abs(back.value - mg_dl) <= 1


def test_only_glucose_has_another_unit() -> None:
    assert units.other_unit(Value(Code.WEIGHT, Decimal(70), "kg")) is None
    assert units.codes_of(Code.GLUCOSE_MMOL_L) == (Code.GLUCOSE_MMOL_L, Code.GLUCOSE_MG_DL)
    assert units.codes_of(Code.PULSE) == (Code.PULSE,)
    with pytest.raises(LookupError):
        units.in_unit(Value(Code.WEIGHT, Decimal(70), "kg"), "[lb_av]")
