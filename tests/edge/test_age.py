"""Ages: what was typed is what is shown, on every date, and small children are told apart."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model.age import Age, Estimate, corrected, from_birth
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit, Sex

TODAY = date(2026, 11, 30)
DAYS = st.dates(date(1971, 1, 1), date(2090, 12, 31))
MOST = {AgeUnit.YEARS: 130, AgeUnit.MONTHS: 1560, AgeUnit.WEEKS: 6780, AgeUnit.DAYS: 47_400}
MOST[AgeUnit.HOURS] = 99_999
SAID = st.sampled_from(tuple(AgeUnit)).flatmap(
    lambda unit: st.builds(Estimate, st.integers(0, MOST[unit]), st.just(unit), DAYS)
)


def shown(age: Age | None) -> tuple[int, str, bool] | None:
    return None if age is None else (age.number, age.unit.value, age.about)


@given(SAID, st.integers(0, 40))
def test_an_age_that_was_said_is_the_age_that_is_shown_that_day(said: Estimate, back: int) -> None:
    assert Estimate.parse(str(said)) == said
    assert said.is_possible
    for day in (said.said, said.said - timedelta(days=back)):  # a clock may be set back
        assert shown(said.at(day)) == (said.number, said.unit.value, True)


@given(SAID, st.integers(0, 20_000))
def test_an_estimate_grows_with_the_days_and_never_backwards(said: Estimate, days: int) -> None:
    later = said.said + timedelta(days=days)
    age, next_day = said.at(later), said.at(later + timedelta(days=1))
    assert age.days <= next_day.days
    assert age.years <= next_day.years
    if said.unit is AgeUnit.YEARS:
        whole = (later.year - said.said.year) - (
            (later.month, later.day) < (said.said.month, said.said.day)
        )
        assert age.years == said.number + whole


@pytest.mark.parametrize("years", [1, 5, 16, 40, 99])
def test_sixteen_is_sixteen_for_the_rules_too(years: int) -> None:
    patient = Patient("Sita", Sex.FEMALE, age=f"{years} a 2026-11-30", id="x")
    assert patient.age_years(TODAY) == years
    assert patient.age_years(date(2027, 11, 29)) == years
    assert patient.age_years(date(2027, 11, 30)) == years + 1


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("2026-11-30", (0, "days", False)),
        ("2026-11-29", (1, "days", False)),
        ("2026-11-03", (27, "days", False)),
        ("2026-11-02", (4, "weeks", False)),
        ("2026-09-01", (12, "weeks", False)),
        ("2026-08-31", (2, "months", False)),
        ("2024-12-01", (23, "months", False)),
        ("2024-11-30", (2, "years", False)),
        ("1986-12-01", (39, "years", False)),
        ("2026-06", (5, "months", True)),
        ("2026-11", (0, "months", True)),
        ("2024-06", (2, "years", False)),
        ("1986", (40, "years", True)),
        ("2026", (0, "years", True)),
        ("2026-12-01", (0, "days", False)),
        ("2026-12-02", None),
        ("2027", None),
        (None, None),
        ("1948-13", None),
    ],
)
def test_ages_are_told_in_the_unit_of_that_age(
    birth: str | None, expected: tuple[int, str, bool] | None
) -> None:
    assert shown(from_birth(birth, TODAY)) == expected


@pytest.mark.parametrize(
    ("said", "day", "expected"),
    [
        ("10 d 2026-11-30", date(2026, 12, 17), (27, "days", True)),
        ("10 d 2026-11-30", date(2027, 1, 10), (7, "weeks", True)),
        ("6 mo 2026-11-30", date(2027, 1, 30), (8, "months", True)),
        ("30 mo 2026-11-30", date(2026, 12, 29), (30, "months", True)),
        ("30 mo 2026-11-30", date(2026, 12, 30), (2, "years", True)),
        ("1 a 2026-11-30", date(2027, 3, 1), (1, "years", True)),
    ],
)
def test_an_estimate_is_never_told_more_exactly_than_it_was_said(
    said: str, day: date, expected: tuple[int, str, bool]
) -> None:
    estimate = Estimate.parse(said)
    assert estimate is not None
    assert shown(estimate.at(day)) == expected


def test_a_known_birth_outweighs_an_estimate() -> None:
    known = Patient("Sita", Sex.FEMALE, "1990-01-01", age="50 a 2026-11-30", id="x")
    assert known.age_years(TODAY) == 36
    assert known.birth_or_likely == "1990-01-01"
    assert Patient("Sita", Sex.FEMALE, age="40 a 2026-11-30", id="x").birth_or_likely == "1986"


@pytest.mark.parametrize(
    "text", ["", "40", "40 y 2026-11-30", "40 a 2026-13-30", "-1 a 2026-11-30"]
)
def test_what_is_no_estimate_is_none(text: str) -> None:
    assert Estimate.parse(text) is None
    assert Patient("Sita", Sex.FEMALE, age=text, id="x").age_at(TODAY) is None


def test_hours_are_known_on_their_day_and_days_from_then_on() -> None:
    said = Estimate(6, AgeUnit.HOURS, TODAY)
    assert shown(said.at(TODAY)) == (6, "hours", True)
    assert shown(said.at(TODAY + timedelta(days=1))) == (1, "days", True)
    assert shown(Estimate(50, AgeUnit.HOURS, TODAY).at(TODAY + timedelta(days=1)))[0] == 3
    assert said.birth() == "2026-11"


@pytest.mark.parametrize(
    ("born", "weeks", "expected"),
    [
        ("2026-11-01", 32, (0, "days", False)),  # 29 days old, due in 27
        ("2026-08-30", 36, (9, "weeks", False)),
        ("2025-11-30", 28, (9, "months", False)),
        ("2023-12-01", 28, (2, "years", False)),
        ("2023-11-30", 28, None),
        ("2026-11-01", 37, None),
    ],
)
def test_a_small_child_born_too_early_has_a_corrected_age(
    born: str, weeks: int, expected: tuple[int, str, bool] | None
) -> None:
    age = from_birth(born, TODAY)
    assert age is not None
    assert shown(corrected(age, weeks)) == expected


@given(st.dates(date(2023, 12, 2), TODAY), st.integers(20, 36))
def test_a_corrected_age_is_the_age_less_the_weeks_that_were_missing(born: date, week: int) -> None:
    age = from_birth(born.isoformat(), TODAY)
    assert age is not None
    found = corrected(age, week)
    assert found is not None
    assert found.days == max(age.days - 7 * (40 - week), 0)
    child = Patient("Sita", Sex.FEMALE, birth=born.isoformat(), gestation=str(week), id="x")
    assert child.corrected_age_at(TODAY) == found
