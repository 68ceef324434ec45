"""When somebody in a programme should come: a pure function of days, and files that are checked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.care import library, plan, programme_table
from edge.care.plan import Course
from edge.care.programme import Programme
from edge.rules.table_rows import TableError

IN_USE = library.load(None).programmes
ENROLLED = date(2026, 1, 5)
LMP = date(2025, 11, 3)
DAY = timedelta(days=1)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def test_a_high_pressure_comes_back_in_a_month_and_a_controlled_one_in_three() -> None:
    pressure = IN_USE["hypertension"]
    visits = [ENROLLED + 40 * DAY]
    assert plan.plan(pressure, Course(ENROLLED)).due == ENROLLED + 30 * DAY
    high = plan.plan(pressure, Course(ENROLLED, visits, controlled=False))
    assert (high.due, high.needs) == (visits[0] + 30 * DAY, ("blood-pressure",))
    low = plan.plan(pressure, Course(ENROLLED, visits, controlled=True))
    assert low.due == visits[0] + 90 * DAY
    assert low.lost == visits[0] + 365 * DAY


def test_contacts_of_a_pregnancy_are_those_of_the_weeks() -> None:
    care = IN_USE["antenatal-care"]
    weeks = [contact.days // 7 for contact in care.contacts]
    assert weeks == [12, 20, 26, 30, 34, 36, 38, 40]
    first = plan.plan(care, Course(ENROLLED, days={"lmp": LMP}))
    assert (first.title, first.due) == ("Contact 1, 12 weeks", LMP + 84 * DAY)
    came = Course(LMP + 80 * DAY, [LMP + 142 * DAY], {"lmp": LMP})
    assert plan.plan(care, came).title == "Contact 3, 26 weeks"
    told = {c.title: c.came for c in plan.contacts(care, came)}
    assert told["Contact 1, 12 weeks"] == LMP + 80 * DAY
    assert told["Contact 2, 20 weeks"] == LMP + 142 * DAY
    assert told["Contact 3, 26 weeks"] is None


def test_without_the_day_to_count_from_it_is_said_which_is_missing() -> None:
    assert plan.plan(IN_USE["antenatal-care"], Course(ENROLLED)).missing == "lmp"
    assert plan.plan(IN_USE["child-growth"], Course(ENROLLED)).missing == "birth"
    assert plan.contacts(IN_USE["antenatal-care"], Course(ENROLLED)) == []


def test_a_child_is_due_for_vaccines_when_the_schedule_says_so() -> None:
    course = Course(ENROLLED, days={"birth": ENROLLED}, vaccine_due=date(2026, 2, 16))
    assert plan.plan(IN_USE["immunisation"], course).due == date(2026, 2, 16)
    done = Course(ENROLLED, days={"birth": ENROLLED})
    assert plan.plan(IN_USE["immunisation"], done).ended


def test_after_the_last_contact_nothing_is_due() -> None:
    care = IN_USE["antenatal-care"]
    late = Course(LMP + 80 * DAY, [LMP + 281 * DAY], {"lmp": LMP})
    assert plan.plan(care, late).ended


@given(
    programme=st.sampled_from(sorted(IN_USE)),
    enrolled=days,
    start=days,
    visits=st.lists(days, max_size=8),
    controlled=st.sampled_from([None, True, False]),
)
def test_what_is_due_lies_after_the_last_visit_and_the_order_of_visits_does_not_matter(
    programme: str, enrolled: date, start: date, visits: list[date], controlled: bool | None
) -> None:
    table = IN_USE[programme]
    starts = dict.fromkeys(("birth", "lmp", "contact"), start)
    course = Course(enrolled, visits, starts, controlled, enrolled)
    found = plan.plan(table, course)
    assert found == plan.plan(table, Course(enrolled, visits[::-1], starts, controlled, enrolled))
    last = max([enrolled, *visits])
    if found.due is not None and table.counts_from != "vaccines":
        assert found.due > last or found.due - last >= -timedelta(days=table.early_days)
        assert found.due > last
    came = [c.came for c in plan.contacts(table, course) if c.came]
    assert came == sorted(came)


OWN = """id = "asthma"
version = "1"
status = "draft"
title = "Asthma"
citations = ["Our plan, 2026"]
counts_from = "visit"
lost_after_days = 365

[[interval]]
when = "always"
days = 60
needs = ["oximetry"]
"""


def test_a_clinic_s_own_programme_is_used_and_a_broken_one_leaves_the_last_good(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "programmes"
    folder.mkdir()
    (folder / "asthma.toml").write_text(OWN)
    mine = library.load(tmp_path)
    assert mine.programmes["asthma"].is_own
    assert not mine.wrong
    library.keep_good(tmp_path)
    (folder / "asthma.toml").write_text(OWN.replace("days = 60", "days = 0"))
    library.keep_good(tmp_path)
    broken = library.load(tmp_path)
    assert broken.programmes["asthma"].intervals[0].days == 60
    assert broken.wrong == {"asthma.toml": 'asthma.toml, line 11: "days" must be 1 or more'}
    assert set(broken.programmes) == {*IN_USE, "asthma"}


def test_a_clinic_s_own_programme_replaces_that_of_the_release(tmp_path: Path) -> None:
    folder = tmp_path / "programmes"
    folder.mkdir()
    (folder / "mine.toml").write_text(OWN.replace('"asthma"', '"hypertension"'))
    assert library.load(tmp_path).programmes["hypertension"].title == "Asthma"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["Our plan, 2026"]', "[]", "line 5: a programme without a citation"),
        ('"draft"', '"reviewed"', "line 1: a reviewed programme names who has reviewed it"),
        ('"visit"', '"lmp"', 'line 6: "counts_from" must be one of visit, birth, vaccines'),
        ('"visit"', '"birth"', 'line 9: "interval" belongs to counts_from'),
        ('"always"', '"sometimes"', 'line 10: "when" must be one of'),
        ('"always"', '"controlled"', "line 9: no interval for people"),
        ('["oximetry"]', '["x-ray"]', 'line 12: "x-ray" is not known'),
        ("days = 60", "days = 6.5", 'line 11: "days" must be a whole number'),
        ("needs", "need", 'line 12: "need" is no key here'),
        ('version = "1"', "", 'line 1: "version" is missing'),
        ('title = "Asthma"', "title = [", "this is not written as TOML"),
    ],
)
def test_a_programme_that_is_wrong_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    assert isinstance(programme_table.load(OWN, "own.toml"), Programme)
    with pytest.raises(TableError) as refused:
        programme_table.load(OWN.replace(old, new, 1), "own.toml")
    assert says in str(refused.value)
