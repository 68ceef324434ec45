"""The table of a patient's fields: complete, whole on disk, and the same names everywhere."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from edge.model import patient_fields
from edge.model.patient import PatientFields
from edge.model.patient_codes import Sex
from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, FieldType
from edge.patients.form import PatientForm

NAMES = [field.name for field in PATIENT_FIELDS]
KNOWN = PatientFields("Zahra", Sex.FEMALE, "1980-02", "Mithi", "0300", "HP7")


def test_the_table_and_the_classes_have_the_same_fields() -> None:
    assert [field.name for field in fields(PatientFields)] == NAMES
    typed = {field.name for field in fields(PatientForm)}
    assert typed == {*NAMES, "age_unit", "calendar"}


@pytest.mark.parametrize("field", [*PATIENT_FIELDS, *SUMMARY_FIELDS], ids=lambda f: f.name)
def test_a_row_is_whole(field: patient_fields.PatientField) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", field.name)
    assert re.fullmatch(r"[A-Z][A-Za-z]+(\.[a-z][A-Za-z]*)+", field.fhir)
    assert field.longest > 0
    assert field.label
    assert (field.codes is not None) == (field.type is FieldType.CODE)
    assert field.refines == bool(field.finer)


def test_sexes_are_those_of_fhir_in_the_order_of_the_form() -> None:
    assert [(sex.value, sex.fhir) for sex in Sex] == [
        ("female", "female"),
        ("male", "male"),
        ("other", "other"),
        ("unknown", "unknown"),
    ]
    assert len({sex.label for sex in Sex}) == len(Sex)


def test_what_a_row_of_the_database_holds_is_read_as_it_was_stored() -> None:
    values = patient_fields.values_of(KNOWN)
    row = dict(zip(patient_fields.COLUMNS, patient_fields.to_columns(values), strict=True))
    assert PatientFields(**patient_fields.arguments(patient_fields.from_columns(row))) == KNOWN


def test_a_field_without_a_column_is_kept_beside_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = PATIENT_FIELDS[3]
    fresh = replace(old, name="fathers_name", column=False)
    monkeypatch.setattr(patient_fields, "PATIENT_FIELDS", (*PATIENT_FIELDS, fresh))
    values: dict[str, str | None] = {"name": "Zahra", "fathers_name": "علی"}
    row = dict(zip(patient_fields.COLUMNS, patient_fields.to_columns(values), strict=True))
    assert row["more"] == '{"fathers_name": "علی"}'
    assert patient_fields.from_columns(row)["fathers_name"] == "علی"
    empty = dict(zip(patient_fields.COLUMNS, patient_fields.to_columns({"name": "Z"}), strict=True))
    assert patient_fields.from_columns(empty)["fathers_name"] is None


def test_a_code_that_the_list_does_not_hold_becomes_the_default() -> None:
    assert (
        patient_fields.arguments({"name": "Zahra", "sex": "not yet invented"})["sex"] is Sex.UNKNOWN
    )
