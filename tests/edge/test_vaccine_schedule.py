"""Which doses count and which are due: least ages, least intervals, any order of telling."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.care import library, vaccine_schedule
from edge.care.vaccine_schedule import DoseGiven, DoseState, Span, VaccineSchedule
from edge.rules.table_rows import TableError

WHO = library.load(None).vaccines
NAMES = [vaccine.name for vaccine in WHO.vaccines]
BIRTH = date(2026, 1, 31)
births = st.dates(date(2019, 1, 1), date(2026, 11, 30))
told = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 900)), max_size=14)
WEEK = timedelta(days=7)


def doses(birth: date, raw: list[tuple[str, int]]) -> list[DoseGiven]:
    return [DoseGiven(v, birth + timedelta(days=n), str(i)) for i, (v, n) in enumerate(raw)]


def states(found: list[vaccine_schedule.DoseLine], vaccine: str) -> list[tuple[int, str, date]]:
    return [(line.number, line.state.value, line.day) for line in found if line.vaccine == vaccine]


@given(birth=births, raw=told, days=st.integers(0, 2000))
def test_what_counts_keeps_least_ages_and_intervals_and_nothing_is_proposed_before_them(
    birth: date, raw: list[tuple[str, int]], days: int
) -> None:
    today = birth + timedelta(days=days)
    found = vaccine_schedule.lines(WHO, birth, doses(birth, raw), today)
    for vaccine in WHO.vaccines:
        lines = [line for line in found if line.vaccine == vaccine.name]
        before: date | None = None
        for line in lines:
            if line.state is DoseState.TOO_EARLY or line.number > len(vaccine.doses):
                continue
            rule = vaccine.doses[line.number - 1]
            assert not rule.least_age or line.day >= rule.least_age.after(birth)
            if rule.least_interval and before is not None:
                assert line.day >= rule.least_interval.after(before)
            before = line.day
        open_ = [line.day for line in lines if line.is_open]
        assert open_ == sorted(open_)


@given(birth=births, raw=told, data=st.data())
def test_the_order_in_which_doses_are_told_changes_nothing(
    birth: date, raw: list[tuple[str, int]], data: st.DataObject
) -> None:
    today = birth + timedelta(days=600)
    given_doses = doses(birth, raw)
    shuffled = data.draw(st.permutations(given_doses))
    assert vaccine_schedule.lines(WHO, birth, given_doses, today) == vaccine_schedule.lines(
        WHO, birth, shuffled, today
    )


@given(birth=births, raw=told)
def test_every_dose_told_stands_in_the_table_once(birth: date, raw: list[tuple[str, int]]) -> None:
    found = vaccine_schedule.lines(WHO, birth, doses(birth, raw), birth)
    assert sorted(line.key for line in found if line.key) == sorted(str(i) for i in range(len(raw)))


def test_a_dose_before_the_least_age_does_not_count_and_is_repeated() -> None:
    early = DoseGiven("penta", BIRTH + 6 * WEEK - timedelta(days=1))
    found = vaccine_schedule.lines(WHO, BIRTH, [early], BIRTH + 7 * WEEK)
    [first, second, *_] = states(found, "penta")
    assert first == (1, "too-early", early.day)
    assert second == (1, "coming", early.day + 4 * WEEK)


def test_a_second_dose_three_weeks_after_the_first_does_not_count() -> None:
    first, second = BIRTH + 6 * WEEK, BIRTH + 9 * WEEK
    found = vaccine_schedule.lines(
        WHO, BIRTH, [DoseGiven("opv", second), DoseGiven("opv", first)], BIRTH + 9 * WEEK
    )
    assert [state for _, state, _ in states(found, "opv")] == [
        "given", "too-early", "coming", "coming"]  # fmt: skip


def test_a_child_who_comes_late_is_told_of_one_dose_today_and_the_next_in_four_weeks() -> None:
    today = BIRTH + timedelta(days=400)
    found = vaccine_schedule.lines(WHO, BIRTH, [], today)
    assert states(found, "penta") == [
        (1, "overdue", BIRTH + 6 * WEEK),
        (2, "coming", today + 4 * WEEK),
        (3, "coming", today + 8 * WEEK),
    ]
    assert states(found, "hepb-birth") == [(1, "too-late", BIRTH)]
    assert states(found, "measles")[0] == (1, "overdue", date(2026, 10, 31))
    assert vaccine_schedule.next_due(found) == BIRTH


def test_months_end_on_a_day_that_there_is() -> None:
    assert Span(months=1).after(BIRTH) == date(2026, 2, 28)
    assert Span(months=9, days=1).after(BIRTH) == date(2026, 11, 1)


def test_the_schedule_of_who_has_every_vaccine_with_a_citation() -> None:
    assert {"bcg", "hepb-birth", "opv", "ipv", "penta", "pcv", "rota", "measles"} <= set(NAMES)
    assert isinstance(WHO, VaccineSchedule)
    assert WHO.citations
    assert WHO.status == "draft"


GOOD = """id = "national"
version = "3"
status = "draft"
title = "Ours"
citations = ["Ministry of Health, 2026"]
overdue_after = "4 weeks"
repeat_after = "4 weeks"

[[vaccine]]
name = "penta"
title = "Penta"

[[dose]]
vaccine = "penta"
due = "6 weeks"
least_age = "6 weeks"

[[dose]]
vaccine = "penta"
due = "10 weeks"
least_interval = "4 weeks"
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["Ministry of Health, 2026"]', "[]", "line 5: a schedule without a citation"),
        ('least_age = "6 weeks"', 'least_age = "7 weeks"', "line 15: it is due before"),
        ('least_interval = "4 weeks"', "", 'line 19: a later dose needs its "least_interval"'),
        ('due = "10 weeks"', 'due = "5 weeks"', "line 20: the doses of a vaccine stand in"),
        ('due = "10 weeks"', 'due = "ten"', 'line 20: "due" is written as "6 weeks"'),
        ('vaccine = "penta"', 'vaccine = "bcg"', 'line 14: no vaccine is called "bcg"'),
        ("due", "du", 'line 15: "du" is no key here'),
    ],
)
def test_a_schedule_that_is_wrong_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    from edge.care import vaccine_table

    assert vaccine_table.load(GOOD, "vaccines.toml").vaccines[0].doses[1].least_interval
    with pytest.raises(TableError) as refused:
        vaccine_table.load(GOOD.replace(old, new, 1) if old != "due" else
                           GOOD.replace('due = "6', 'du = "6'), "vaccines.toml")  # fmt: skip
    assert says in str(refused.value)
