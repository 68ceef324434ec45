"""A number outside of what a glucose meter can measure is no glucose of a patient."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import MODELS, model_named
from devices.model import GlucoseRange, Model
from devices.recording.meter_range import ANY_METER, control, judged
from devices.recording.recorder import Refusal
from edge.model.reading import Code, Kind, Measurement, Value

MG_DL = st.integers(1, 2000).map(Decimal)


def measured(number: str | Decimal, unit: str = "mg/dL", comparator: str = "") -> Measurement:
    code = Code.GLUCOSE_MG_DL if unit == "mg/dL" else Code.GLUCOSE_MMOL_L
    return Measurement(Kind.GLUCOSE, (Value(code, Decimal(number), unit, comparator),))


def row(name: str) -> Model:
    found = model_named(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("number", "unit", "model", "kept"),
    [
        ("13", "mg/dL", None, None),
        ("19", "mg/dL", None, None),
        ("20", "mg/dL", None, "20"),
        ("1.0", "mmol/L", None, None),
        ("1.1", "mmol/L", None, "1.1"),
        ("13", "mg/dL", "Accu-Chek", "13"),
        ("9", "mg/dL", "Accu-Chek", "<10"),
        ("0.6", "mmol/L", "Accu-Chek", "0.6"),
        ("13", "mg/dL", "Contour", "<20"),
        ("13", "mg/dL", "OneTouch UltraEasy", "<20"),
        ("0.5", "mmol/L", "Accu-Chek", "<0.6"),
        ("13", "mg/dL", "Glucose profile", None),
        ("501", "mg/dL", "FreeStyle Optium", ">500"),
        ("500", "mg/dL", "FreeStyle Optium", "500"),
        ("27.9", "mmol/L", "FreeStyle Optium", ">27.8"),
        ("650", "mg/dL", None, "650"),
    ],
)
def test_a_meter_shows_a_number_only_within_its_range(
    number: str, unit: str, model: str | None, kept: str | None
) -> None:
    answer = judged(measured(number, unit), row(model) if model else None)
    if kept is None:
        assert isinstance(answer, Refusal)
        assert answer.kind == "below-meter-range"
        assert number in answer.text
    else:
        assert isinstance(answer, Measurement)
        (value,) = answer.values
        assert f"{value.comparator}{value.value}" == kept


def test_lo_and_hi_of_the_meter_itself_are_kept() -> None:
    for low in (measured("50", comparator="<"), measured("5", comparator="<")):
        assert judged(low, None) == low


@pytest.mark.parametrize(
    ("number", "unit", "comparator", "model", "kept"),
    [
        ("400", "mg/dL", ">", "OneTouch Ultra2", ">600"),
        ("50", "mg/dL", "<", "OneTouch Ultra2", "<20"),
        ("22.2", "mmol/L", ">", "Contour", ">33.3"),
        ("2.8", "mmol/L", "<", "Contour", "<1.1"),
        ("400", "mg/dL", ">", "FreeStyle Optium", ">500"),
        ("400", "mg/dL", ">", "Glucose profile", ">400"),
        ("50", "mg/dL", "<", None, "<50"),
        ("300", "mg/dL", ">", "OneTouch Ultra2", ">300"),
    ],
)
def test_hi_and_lo_without_a_number_stand_at_the_meters_own_limits(
    number: str, unit: str, comparator: str, model: str | None, kept: str
) -> None:
    sent = measured(number, unit, comparator)
    known = row(model) if model else None
    for answer in (judged(sent, known), control(sent, known)):
        assert isinstance(answer, Measurement)
        (value,) = answer.values
        assert f"{value.comparator}{value.value}" == kept


def test_control_material_is_never_refused() -> None:
    assert control(measured("13"), None) == measured("13")


def test_a_laboratory_has_limits_of_its_own() -> None:
    low = Measurement(Kind.LABORATORY, measured("13").values)
    assert judged(low, None) == low


@given(MG_DL, st.sampled_from([None, *(m for m in MODELS if m.glucose_range)]))
def test_whatever_a_meter_sends_is_kept_as_it_is_or_told(
    number: Decimal, model: Model | None
) -> None:
    known = (model.glucose_range if model else None) or ANY_METER
    answer = judged(measured(number), model)
    if number < known.low_mg_dl and known.below == "refused":
        assert isinstance(answer, Refusal)
        return
    assert isinstance(answer, Measurement)
    (value,) = answer.values
    if value.comparator == "<":
        assert number < known.low_mg_dl == value.value
    elif value.comparator:
        assert known.high_mg_dl is not None
        assert known.high_mg_dl < number
        assert value.value == known.high_mg_dl
    else:
        assert value.value == number


def test_every_range_has_its_source_and_every_serial_meter_a_range() -> None:
    meters = [m for m in MODELS if Kind.GLUCOSE in m.kinds and m.manufacturer != "Generic"]
    assert meters
    for model in meters:
        reads = model.glucose_range
        assert isinstance(reads, GlucoseRange), model.label
        assert reads.source
        assert reads.high_mg_dl is None or reads.low_mg_dl < reads.high_mg_dl
