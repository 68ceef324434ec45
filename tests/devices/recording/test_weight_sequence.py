"""A small weight right after a person's on the same scale is doubted, a baby's scale never."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from devices.recording.weight_sequence import (
    PERSON_KG,
    WITHIN_MS,
    WeightSequence,
)
from edge.model.reading import SMALL_AFTER_PERSON, Code, Kind, Measurement, Value


def weight(kg: str | Decimal) -> Measurement:
    return Measurement(Kind.WEIGHT, (Value(Code.WEIGHT, Decimal(kg), "kg"),))


def doubts(*acts: tuple[int, str]) -> list[str]:
    scale = WeightSequence()
    told = [(kg, scale.doubted(seconds * 1000, weight(kg))) for seconds, kg in acts]
    return [kg for kg, kept in told if SMALL_AFTER_PERSON in kept.quality]


def test_a_bag_after_a_person_is_doubted_every_time() -> None:
    assert doubts((0, "71.2"), (20, "3.2"), (40, "2.9")) == ["3.2", "2.9"]


def test_a_child_after_its_mother_and_two_adults_are_not_doubted() -> None:
    assert doubts((0, "71.2"), (20, "14.0"), (40, "48.3")) == []


def test_a_small_weight_long_after_or_first_is_not_doubted() -> None:
    assert doubts((0, "3.2"), (10, "71.2"), (10 + WITHIN_MS // 1000 + 1, "3.2")) == []


@given(st.lists(st.decimals("0.5", "24.9", places=2), max_size=20))
def test_a_scale_for_babies_never_doubts(kgs: list[Decimal]) -> None:
    assert max(kgs, default=Decimal(0)) < PERSON_KG
    assert doubts(*((n, str(kg)) for n, kg in enumerate(kgs))) == []


@given(st.lists(st.tuples(st.integers(0, 10**6), st.decimals("0.5", "180", places=2)), max_size=20))
def test_nothing_is_changed_but_the_mark(acts: list[tuple[int, Decimal]]) -> None:
    scale = WeightSequence()
    for t_ms, kg in acts:
        kept = scale.doubted(t_ms, weight(kg))
        assert kept.values == weight(kg).values
        assert set(kept.quality) <= {SMALL_AFTER_PERSON}


def test_what_is_no_weight_passes() -> None:
    fat = Measurement(Kind.BODY_COMPOSITION, (Value(Code.BODY_FAT, Decimal(20), "%"),))
    assert WeightSequence().doubted(0, fat) == fat
