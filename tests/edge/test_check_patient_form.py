"""What people type about a patient is read generously and refused field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model.clock import ClockQuality, Stamp
from edge.model.errors import InvalidForm
from edge.model.patient_codes import Sex
from edge.patients.form import PatientForm, check, check_changes

WALL_MS = 1_795_953_600_000  # 2026-11-29T12:00:00Z
NOW = Stamp(1, 1000, WALL_MS, ClockQuality.NTP)


def wrong(form: PatientForm, now: Stamp = NOW) -> dict[str, str]:
    with pytest.raises(InvalidForm) as refused:
        check(form, now)
    return refused.value.fields


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1948", "1948"),
        ("1948-06", "1948-06"),
        ("1948-6-1", "1948-06-01"),
        ("1948/06/01", "1948-06-01"),
        ("1948年6月1日", "1948-06-01"),
        ("1948年", "1948"),
        ("۱۹۴۸", "1948"),
        ("१९४८-०६", "1948-06"),
        ("2026-11-30", "2026-11-30"),  # already tomorrow east of here
        ("", None),
    ],
)
def test_birth_is_kept_as_exact_as_it_is_known(typed: str, kept: str | None) -> None:
    assert check(PatientForm("Sita", birth=typed), NOW).birth == kept


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("2026-12-01", "future"),
        ("2083", "other-calendar"),
        ("2999", "future"),
        ("1890", "other-calendar"),
        ("1100", "too-old"),
        ("1948-13", "impossible"),
        ("2025-02-29", "impossible"),
        ("0000", "impossible"),
        ("last year", "format"),
        ("48", "format"),
        ("1948-0612", "format"),
    ],
)
def test_birth_that_cannot_be(typed: str, kind: str) -> None:
    assert wrong(PatientForm("Sita", birth=typed)) == {"birth": kind}


def test_a_box_that_knows_no_date_refuses_no_birth_as_future() -> None:
    unset = Stamp(1, 1000, WALL_MS, ClockQuality.FLOOR)
    assert check(PatientForm("Sita", birth="2031-05-02"), unset).birth == "2031-05-02"


@pytest.mark.parametrize(
    ("age", "unit", "kept"),
    [("78", "years", "78 a"), ("۷۸", "years", "78 a"), ("0", "years", "0 a"),
     ("8", "months", "8 mo"), ("5", "weeks", "5 wk"), ("10", "days", "10 d")],
)  # fmt: skip
def test_an_age_is_kept_as_it_was_said_and_tells_no_birth(age: str, unit: str, kept: str) -> None:
    checked = check(PatientForm("Sita", age=age, age_unit=unit), NOW)
    assert (checked.birth, checked.age) == (None, f"{kept} 2026-11-29")


def test_age_that_cannot_be() -> None:
    assert wrong(PatientForm("Sita", age="131")) == {"age": "too-old"}
    assert wrong(PatientForm("Sita", age="old")) == {"age": "format"}
    assert wrong(PatientForm("Sita", age="-3")) == {"age": "format"}


def test_a_birth_outweighs_an_age() -> None:
    assert check(PatientForm("Sita", birth="1950", age="20"), NOW).birth == "1950"


def test_every_wrong_field_is_named_at_once() -> None:
    form = PatientForm(" ", sex="x", birth="?", village="v" * 121, phone="call", card="\x00")
    assert wrong(form) == {
        "name": "required",
        "sex": "unknown",
        "birth": "format",
        "village": "too-long",
        "phone": "format",
        "card": "format",
    }


def test_texts_are_tidied_and_empty_ones_left_out() -> None:
    kept = check(
        PatientForm("  राम   बहादुर ", "", village="", phone=" +977 (98) 41-22 ۳۳", card=" hp 7q "),
        NOW,
    )
    assert kept.name == "राम बहादुर"
    assert (kept.sex, kept.village, kept.phone, kept.card) == (
        Sex.UNKNOWN,
        None,
        "+97798412233",
        "HP7Q",
    )


def test_a_change_keeps_the_other_fields() -> None:
    was = check(PatientForm("Sita", "female", "1948-06", village="Bhimdhunga"), NOW)
    now = check_changes(was, {"age": "40"}, NOW)
    assert (now.name, now.sex, now.village) == ("Sita", "female", "Bhimdhunga")
    assert (now.birth, now.age) == (None, "40 a 2026-11-29")
    assert check_changes(was, {"village": ""}, NOW).village is None
    with pytest.raises(InvalidForm, match="colour: unknown"):
        check_changes(was, {"colour": "red"}, NOW)


@given(st.builds(PatientForm, *[st.text(max_size=20)] * 9))
def test_any_form_is_kept_or_refused_by_field(form: PatientForm) -> None:
    kinds = {"required", "too-long", "format", "unknown", "impossible", "future", "too-old"}
    kinds |= {"order", "century", "calendar", "other-calendar", "alphabet"}
    found: set[str] = set()
    try:
        assert check(form, NOW).name
    except InvalidForm as error:
        found = set(error.fields.values()) or {"none named"}
    assert found <= kinds
