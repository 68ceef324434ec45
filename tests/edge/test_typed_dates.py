"""Dates as people type them are read, or asked about; never taken for another year."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model.errors import InvalidForm
from edge.patients.calendars import CALENDARS, CalendarName, year_of
from edge.patients.typed_dates import read

SPAN = (date(1896, 1, 1), date(2026, 12, 1))


def wrong(text: str, calendars: str = "") -> str:
    with pytest.raises(InvalidForm) as refused:
        read(text, calendars, SPAN)
    return refused.value.fields["birth"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12/03/1998", "1998-03-12"),
        ("12-03-1998", "1998-03-12"),
        ("12.3.98", "1998-03-12"),
        ("12 March 1998", "1998-03-12"),
        ("12 mar 98", "1998-03-12"),
        ("March 12, 1998", "1998-03-12"),
        ("March 1998", "1998-03"),
        ("03/1998", "1998-03"),
        ("۱۲/۰۳/۱۹۹۸", "1998-03-12"),
        ("12 مارچ 1998", "1998-03-12"),
        ("1998年3月12日", "1998-03-12"),
        ("1998-03-12", "1998-03-12"),
        ("31/12/1948", "1948-12-31"),
    ],
)
def test_dates_are_read_day_first_or_year_first(typed: str, kept: str) -> None:
    assert read(typed, "", SPAN) == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("03/25/1998", "order"),
        ("12/03/25", "century"),
        ("31/02/1998", "impossible"),
        ("1998-03-12-4", "format"),
        ("Ma 1998", "format"),
        ("June July 1998", "format"),
    ],
)
def test_what_is_not_clear_is_asked(typed: str, why: str) -> None:
    assert wrong(typed) == why


@pytest.mark.parametrize(
    ("calendar", "typed", "kept"),
    [
        ("ethiopic", "2010-01-05", "2017-09-15"),
        ("ethiopic", "5/1/2010", "2017-09-15"),
        ("ethiopic", "2018", "2026"),
        ("ethiopic", "13/6/2015", "2023-02-20"),
        ("ethiopic", "3/13/2015", "2023-09-08"),
        ("islamic", "1447", "2025"),
        ("islamic", "1/1/1420", "1999-04-17"),
        ("persian", "1380", "2001"),
        ("persian", "1/1/1380", "2001-03-21"),
        ("bikram-sambat", "2055-03-12", "1998-06"),
        ("bikram-sambat", "2055", "1998"),
        ("buddhist", "2541", "1998"),
        ("buddhist", "12/3/2541", "1998-03-12"),
    ],
)
def test_a_chosen_calendar_is_counted(calendar: str, typed: str, kept: str) -> None:
    assert read(typed, calendar, SPAN) == kept


@pytest.mark.parametrize("typed", ["2055-03-12", "1447", "1380", "2541"])
def test_a_year_that_only_another_calendar_has_is_asked_about(typed: str) -> None:
    assert wrong(typed) == "other-calendar"


@pytest.mark.parametrize("typed", ["2010-01-05", "2018"])
def test_a_year_of_two_calendars_of_the_clinic_is_asked_about(typed: str) -> None:
    assert wrong(typed, "gregory ethiopic") == "calendar"
    assert read("2023", "gregory ethiopic", SPAN) == "2023"  # in the other it has not come


@given(st.sampled_from(CALENDARS), st.integers(0, 120 * 365))
def test_days_follow_one_another_in_every_calendar(calendar: object, days: int) -> None:
    row = next(c for c in CALENDARS if c is calendar)
    day = date.fromordinal(SPAN[0].toordinal() + 200 + days)
    year = year_of(row, day)
    known = [
        row.first_day(year, month, of_month)
        for month in range(1, row.months + 1)
        for of_month in range(1, 33)
        if _exists(row, year, month, of_month)
    ]
    if row.to_the_day:
        assert known[-1] < row.first_day(year + 1, 1, 1)
        ordinals = [d.toordinal() for d in known]
        assert ordinals == list(range(ordinals[0], ordinals[0] + len(ordinals)))
        assert day in known


def _exists(row: object, year: int, month: int, day: int) -> bool:
    calendar = next(c for c in CALENDARS if c is row)
    try:
        calendar.first_day(year, month, day)
    except ValueError:
        return False
    return True


def test_each_calendar_says_which_year_it_counts() -> None:
    years = {c.name: year_of(c, date(2026, 11, 30)) for c in CALENDARS}
    assert years == {
        CalendarName.GREGORIAN: 2026,
        CalendarName.ETHIOPIC: 2019,
        CalendarName.HIJRI: 1448,
        CalendarName.PERSIAN: 1405,
        CalendarName.BIKRAM_SAMBAT: 2083,
        CalendarName.BUDDHIST: 2569,
    }


@given(st.text(max_size=14), st.sampled_from(["", "ethiopic", "gregory ethiopic", "islamic"]))
def test_any_text_is_read_or_asked_about(text: str, calendars: str) -> None:
    kept, refused = "1950", {"birth"}
    try:
        kept = read(text, calendars, SPAN)
    except InvalidForm as error:
        refused = set(error.fields)
    assert refused == {"birth"}
    assert SPAN[0].year <= int(kept[:4]) <= SPAN[1].year
