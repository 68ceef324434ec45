"""The hypertension indicators, by scenarios of each definition of HEARTS360."""

from __future__ import annotations

import pytest
from month_facts import Clinic

from edge.reports.core import hearts
from edge.reports.core.settled import settle


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def of_month(clinic: Clinic, month: str) -> dict[str, int]:
    return hearts.indicators(settle(clinic.facts, clinic.people), month)


def counted(clinic: Clinic, month: str) -> set[str]:
    """Return the names that are not zero, of which one person is the cause."""
    return {name for name, number in of_month(clinic, month).items() if number}


def test_a_new_patient_is_not_judged_for_three_months(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2026-01-20")
    clinic.measured(who, "2026-01-20", 170, 95)
    known = {"registered", "under_care"}
    assert counted(clinic, "2025-12") == set()
    assert counted(clinic, "2026-01") == known | {"registered_this_month", "newly_registered"}
    assert counted(clinic, "2026-03") == known | {"newly_registered"}
    assert counted(clinic, "2026-04") == known | {"no_visit"}


@pytest.mark.parametrize(
    ("systolic", "diastolic", "state"),
    [(139, 89, "controlled"), (140, 89, "uncontrolled"), (139, 90, "uncontrolled")],
)
def test_control_is_below_140_and_below_90(
    clinic: Clinic, systolic: int, diastolic: int, state: str
) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-03")
    clinic.measured(who, "2026-02-11", 200, 110)
    clinic.measured(who, "2026-03-11", systolic, diastolic)
    assert counted(clinic, "2026-04") == {"registered", "under_care", state}


def test_the_last_visit_of_the_three_months_counts_and_no_later_one(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-01-03")
    clinic.measured(who, "2026-02-28", 120, 80)
    clinic.measured(who, "2026-03-31", 160, 80)
    clinic.measured(who, "2026-04-01", 120, 80)
    assert "controlled" in counted(clinic, "2026-02")
    assert "uncontrolled" in counted(clinic, "2026-03")
    assert "controlled" in counted(clinic, "2026-06")
    assert "no_visit" in counted(clinic, "2026-07")


def test_somebody_without_a_visit_for_twelve_months_is_lost(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2023-01-09")
    clinic.measured(who, "2023-03-14")
    assert "no_visit" in counted(clinic, "2024-02")
    assert counted(clinic, "2024-03") == {"registered", "lost_to_follow_up"}


def test_who_is_enrolled_today_without_a_pressure_yet_is_not_lost(clinic: Clinic) -> None:
    who = clinic.person("Ram")
    clinic.enrolled(who, "2026-01-20")
    clinic.visit(who, "2026-01-20")
    known = {"registered", "under_care"}
    assert counted(clinic, "2026-01") == known | {"registered_this_month", "newly_registered"}
    assert counted(clinic, "2026-04") == known | {"no_visit"}
    assert counted(clinic, "2026-12") == known | {"no_visit"}
    assert counted(clinic, "2027-01") == {"registered", "lost_to_follow_up"}


def test_a_visit_without_a_pressure_keeps_somebody_under_care(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2024-01-09")
    clinic.measured(who, "2024-03-14")
    clinic.visit(who, "2024-12-02")
    assert counted(clinic, "2025-11") == {"registered", "under_care", "no_visit"}
    assert counted(clinic, "2025-12") == {"registered", "lost_to_follow_up"}


def test_who_was_enrolled_again_is_not_lost(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2024-01-09")
    clinic.enrolled(who, "2025-06-03")
    assert counted(clinic, "2026-05") == {"registered", "under_care", "no_visit"}
    assert counted(clinic, "2026-06") == {"registered", "lost_to_follow_up"}


def test_the_dead_leave_all_of_the_past(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-01")
    clinic.measured(who, "2025-09-01")
    assert "registered" in counted(clinic, "2025-09")
    clinic.person("Sita", deceased="2026-01-15")
    assert counted(clinic, "2025-09") == set()
    assert counted(clinic, "2026-01") == {"dead"}


def test_whoever_says_that_somebody_died_is_believed(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-01")
    clinic.measured(who, "2025-09-01")
    call = clinic.called(who, "2026-01-15", "died")
    assert counted(clinic, "2026-01") == {"dead"}
    clinic.write("taken-back", "2026-01-16", {"entry": call, "kind": "call", "day": "2026-01-16"})
    assert "registered" in counted(clinic, "2026-01")


def test_somebody_who_went_to_another_clinic_is_theirs_from_that_month_on(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-01")
    clinic.measured(who, "2026-01-05")
    clinic.enrolled(who, "2026-02-10", state="transferred")
    assert "registered" in counted(clinic, "2026-01")
    assert counted(clinic, "2026-02") == {"transferred"}
    assert counted(clinic, "2026-03") == set()


def overdue(clinic: Clinic) -> str:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-01")
    clinic.measured(who, "2025-12-05")
    clinic.booked(who, "2025-12-05", "2026-01-05")
    return who


def test_who_was_due_before_the_first_and_did_not_come_is_overdue_then(clinic: Clinic) -> None:
    overdue(clinic)
    assert of_month(clinic, "2026-01")["overdue_on_first"] == 0
    assert of_month(clinic, "2026-02")["overdue_on_first"] == 1


def test_what_comes_after_the_first_does_not_change_who_was_overdue(clinic: Clinic) -> None:
    who = overdue(clinic)
    clinic.called(who, "2026-02-01", "refused")
    clinic.measured(who, "2026-02-01")
    assert of_month(clinic, "2026-02")["overdue_on_first"] == 1
    assert of_month(clinic, "2026-03")["overdue_on_first"] == 0


@pytest.mark.parametrize("outcome", hearts.REMOVALS)
def test_a_call_that_takes_somebody_off_the_list_before_the_first(
    clinic: Clinic, outcome: str
) -> None:
    who = overdue(clinic)
    clinic.called(who, "2026-01-15", outcome)
    assert of_month(clinic, "2026-02")["overdue_on_first"] == 0


@pytest.mark.parametrize("outcome", ["agreed", "remind", "not-reached"])
def test_a_call_that_leaves_somebody_on_the_list(clinic: Clinic, outcome: str) -> None:
    who = overdue(clinic)
    clinic.called(who, "2026-01-15", outcome)
    assert of_month(clinic, "2026-02")["overdue_on_first"] == 1


def test_a_removal_ends_with_the_next_appointment(clinic: Clinic) -> None:
    who = overdue(clinic)
    clinic.called(who, "2026-01-15", "refused")
    clinic.measured(who, "2026-03-02")
    clinic.booked(who, "2026-03-02", "2026-04-02")
    assert of_month(clinic, "2026-05")["overdue_on_first"] == 1


def test_nobody_without_a_telephone_is_counted_as_overdue(clinic: Clinic) -> None:
    overdue(clinic)
    clinic.person("Sita", has_phone=False)
    assert of_month(clinic, "2026-02")["overdue_on_first"] == 0


def test_the_first_call_of_a_month_counts(clinic: Clinic) -> None:
    who = overdue(clinic)
    clinic.called(who, "2026-02-08", "remind")
    clinic.called(who, "2026-02-15", "agreed")
    found = of_month(clinic, "2026-02")
    assert (found["called"], found["called_remind"], found["called_agreed"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("calls", "came", "returned"),
    [
        (["2026-01-01"], "2026-01-16", {"2026-01": 1}),
        (["2026-01-01"], "2026-01-17", {"2026-01": 0}),
        (["2026-01-01"], "2026-01-01", {"2026-01": 1}),
        (["2026-01-31"], "2026-02-05", {"2026-01": 1, "2026-02": 0}),
        (["2026-01-10", "2026-01-20"], "2026-01-27", {"2026-01": 0}),
        (["2026-01-30", "2026-02-03"], "2026-02-05", {"2026-01": 1, "2026-02": 1}),
    ],
)
def test_who_came_within_fifteen_days_of_the_first_call_returned(
    clinic: Clinic, calls: list[str], came: str, returned: dict[str, int]
) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-09-01")
    clinic.measured(who, "2025-11-01")
    clinic.booked(who, "2025-11-01", "2025-12-01")
    for day in calls:
        clinic.called(who, day, "agreed")
    clinic.measured(who, came)
    assert {month: of_month(clinic, month)["returned"] for month in returned} == returned


def test_the_numbers_of_a_month_add_up(clinic: Clinic) -> None:
    for number in range(40):
        who = clinic.person(f"patient {number}")
        clinic.enrolled(who, f"2025-{number % 12 + 1:02d}-10")
        for month in range(number % 5):
            clinic.measured(who, f"2026-{month + 1:02d}-1{number % 9}", 120 + number, 80)
    for month, found in hearts.Hypertension(settle(clinic.facts, clinic.people)).history(
        "2026-12", 18
    ):
        cared = ("newly_registered", "controlled", "uncontrolled", "no_visit")
        assert found["under_care"] == sum(found[name] for name in cared), month
        assert found["registered"] == found["under_care"] + found["lost_to_follow_up"]
