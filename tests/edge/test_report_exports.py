"""A report as CSV, as a DHIS2 payload and as ADX: what other programs take, and what is refused."""

from __future__ import annotations

import csv
import io
import tomllib
from typing import Any

import pytest
from dhis2_double import Dhis2
from month_facts import Clinic, identity, pressure

from edge.reports.core import csv_text, dhis2, indicators, labels, render
from edge.reports.core.dhis2 import MappingError
from edge.reports.core.settled import settle

MONTH = "2026-11"
SITE = """
data_set = "BfMAe6Itzgt"
org_unit = "DiszpKrYNg8"
left_out = ["visits.*", "antenatal.*", "anaemia.*", "malnutrition.*", "self_measurement.*",
  "equipment.*", "referrals.*", "stock.*", "programmes.*", "immunisation.*", "notifications.*",
  "hearts360.called*", "hearts360.[!rcu]*", "hearts360.ret*"]
[element]
"hearts360.registered" = "HTN_REG"
"hearts360.under_care" = "HTN_CARE"
"hearts360.registered_this_month" = "HTN_NEW"
[element."hearts360.controlled"]
data_element = "HTN_BP"
category_option_combo = "cocYES"
categories = { control = "YES" }
[element."hearts360.uncontrolled"]
data_element = "HTN_BP"
category_option_combo = "cocNO"
categories = { control = "NO" }
[element."notifications.by_disease.cholera.suspected"]
data_element = "CHOLERA"
"""


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    who = clinic.person("Sita", sex="female", birth="1960-04-02", name="=Sita", village="Thar, 2")
    clinic.enrolled(who, "2025-01-03")
    visit = clinic.visit(who, "2026-11-03", reason="follow-up")
    body = {"kind": "blood-pressure", "source": "typed", "patient": who, "visit": visit}
    clinic.write("reading", "2026-11-03", body | {"values": pressure(128, 76)})
    note = {"visit": visit, "patient": who, "set": {"complaints": {"add": ["cough", "fever"]}}}
    clinic.write("visit-note", "2026-11-03", note)
    return clinic


@pytest.fixture
def server() -> Dhis2:
    default = {"default"}
    return Dhis2(
        "BfMAe6Itzgt",
        {"DiszpKrYNg8"},
        {
            "HTN_REG": default,
            "HTN_CARE": default,
            "HTN_NEW": default,
            "HTN_BP": {"cocYES", "cocNO"},
            "CHOLERA": default,
        },
        {frozenset({("control", "YES")}): "cocYES", frozenset({("control", "NO")}): "cocNO"},
    )


def report(clinic: Clinic) -> indicators.Report:
    return indicators.report(clinic.facts, clinic.people, MONTH)


def site(text: str = SITE, clinic: str = "Chak 14") -> dhis2.SiteMapping:
    return dhis2.read_mapping(tomllib.loads(text), clinic)


def payload(clinic: Clinic, mapping: dhis2.SiteMapping) -> bytes:
    return dhis2.payload_bytes(dhis2.data_value_set(report(clinic), mapping, "2026-12-16"))


def test_a_month_is_taken_by_dhis2_and_may_be_sent_again(clinic: Clinic, server: Dhis2) -> None:
    status, summary = server.post_json(payload(clinic, site()))
    assert (status, summary["importCount"]) == (200, {"imported": 6, "updated": 0, "ignored": 0})
    assert server.kept["HTN_BP", "cocYES", "202611", "DiszpKrYNg8"] == "1"
    who = identity("Sita")
    clinic.measured(who, "2026-11-20", 160, 100)
    status, summary = server.post_json(payload(clinic, site()))
    assert (status, summary["importCount"]) == (200, {"imported": 0, "updated": 6, "ignored": 0})
    assert server.kept["HTN_BP", "cocYES", "202611", "DiszpKrYNg8"] == "0"
    assert server.kept["HTN_BP", "cocNO", "202611", "DiszpKrYNg8"] == "1"


def test_adx_says_the_same(clinic: Clinic, server: Dhis2) -> None:
    found = dhis2.adx_bytes(report(clinic), site(), "2026-12-16T08:00:00Z")
    assert server.post_adx(found)[0] == 200
    by_adx = dict(server.kept)
    server.kept.clear()
    server.post_json(payload(clinic, site()))
    assert by_adx == server.kept


@pytest.mark.parametrize(
    ("right", "wrong", "conflict"),
    [
        ('"HTN_CARE"', '"HTN_CURE"', "data element 'HTN_CURE'"),
        ('"cocNO"', '"cocMAYBE"', "combination 'cocMAYBE'"),
        ('"DiszpKrYNg8"', '"elsewhere"', "organisation unit 'elsewhere'"),
        ('"BfMAe6Itzgt"', '"another"', "data set 'another'"),
    ],
)
def test_a_wrong_code_is_a_conflict(
    clinic: Clinic, server: Dhis2, right: str, wrong: str, conflict: str
) -> None:
    status, summary = server.post_json(payload(clinic, site(SITE.replace(right, wrong))))
    assert status == 409
    assert summary["conflicts"] == [conflict]


def test_a_number_without_a_mapping_is_refused_by_its_name(clinic: Clinic) -> None:
    with pytest.raises(MappingError, match=r"hearts360\.registered: .*data element"):
        payload(clinic, site(SITE.replace('"hearts360.registered" = "HTN_REG"\n', "")))
    with pytest.raises(MappingError, match=r"and \d+ more"):
        payload(clinic, site(SITE.replace('"hearts360.[!rcu]*"', '"x"').replace("visits.*", "y")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("org_unit", "org"), "org_unit is missing"),
        (('org_unit = "DiszpKrYNg8"', 'org_unit = { "Chak 15" = "x" }'), "for the clinic Chak 14"),
        (('data_set = "BfMAe6Itzgt"', 'data_set = " "'), "data_set is missing"),
        (('data_element = "CHOLERA"', "element = 1"), "data_element of notifications"),
        (('"hearts360.under_care"', '"hearts360.under_car"'), r"names hearts360\.under_car, which"),
        (('"hearts360.under_care"', "hearts360.under_care"), "names hearts360, which"),
        ((".cholera.suspected", ".cholera.suspect"), "which no month counts"),
        (('control = "NO"', 'value = "NO"'), "category 'value'"),
        (('control = "NO"', '"sex at birth" = "NO"'), "category 'sex at birth'"),
        (('left_out = ["visits.*"', "left_out = [1"), "left_out must be a list of names"),
    ],
)
def test_what_is_wrong_in_the_mapping_file_is_named(change: tuple[str, str], said: str) -> None:
    with pytest.raises(MappingError, match=said):
        site(SITE.replace(*change))


def test_one_file_serves_many_clinics(clinic: Clinic) -> None:
    text = SITE.replace('"DiszpKrYNg8"', '{ "Chak 14" = "unit14", "Chak 15" = "unit15" }')
    assert (site(text).org_unit, site(text, "Chak 15").org_unit) == ("unit14", "unit15")


def read(found: bytes) -> list[dict[str, Any]]:
    text = found.removeprefix(csv_text.BOM).decode("utf-8")
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_numbers_as_csv_are_those_of_the_report(clinic: Clinic) -> None:
    found = report(clinic)
    rows = read(render.csv(found))
    assert {row["name"]: int(row["number"]) for row in rows} == indicators.flat(found)
    assert not render.csv(found, bom=False).startswith(csv_text.BOM)


def test_the_register_has_a_row_for_each_visit(clinic: Clinic) -> None:
    settled = settle(clinic.facts, clinic.people)
    (row,) = read(render.register_csv(settled, MONTH))
    assert (row["day"], row["number"], row["age"]) == ("2026-11-03", "1", "66")
    assert (row["systolic"], row["diastolic"], row["pulse"]) == ("128", "76", "")
    assert (row["reason"], row["complaints"]) == ("follow-up", "cough fever")
    assert (row["name"], row["village"]) == ("'=Sita", "Thar, 2")
    assert read(render.register_csv(settled, "2026-10")) == []


@pytest.mark.parametrize("text", ["=1+1", "+92 300", "-1", "@cmd", "\tx", "\r=1"])
def test_a_text_that_a_spreadsheet_would_calculate_is_text(text: str) -> None:
    found = csv_text.csv_bytes(["a", "b"], [[text, -1]], bom=False)
    rows = list(csv.reader(io.StringIO(found.decode(), newline="")))
    assert rows[1] == [f"'{text}", "-1"]


def test_every_number_has_a_label_of_its_own(clinic: Clinic) -> None:
    names = set(indicators.flat(indicators.report([], {}, MONTH)))
    assert names == set(labels.LABELS)
    for line in render.lines(report(clinic)):
        assert line.label or line.words
    assert "Blood pressure controlled" in render.text(report(clinic))
