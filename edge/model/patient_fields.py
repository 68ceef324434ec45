"""The fields of Patient, one row a field: how it is typed, checked, merged, stored and shown.

Forms, journal entries, tables of box and hospital, merge rules, the review inbox, the kiosk and the
desk all go through this table. `docs/how-to/add-a-patient-field.md` says how a row is added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from edge.model.age import Estimate
from edge.model.patient import PatientFields
from edge.model.patient_codes import AgeUnit, CodeList, Sex

Codes = type[CodeList]


class FieldType(StrEnum):
    """What a field holds: decides how it is checked, which input it gets and how it is written."""

    TEXT = "text"
    CODE = "code"
    """One of a `CodeList`."""
    BIRTH = "birth"
    """A date of birth."""
    AGE = "age"
    """An estimate (`edge.model.age.Estimate`), typed beside the birth as a number and a unit."""
    PHONE = "phone"
    CARD = "card"
    """A card's number, the same whether scanned or typed."""
    PERSON = "person"
    """The id of another patient, chosen on a page of its own."""
    COUNT = "count"
    """A whole number, as text."""
    LIFE_DAY = "life-day"
    """A day as exact as it is known, or "yes" and the day on which that was said; empty: no
    (`edge.model.life_status`). It is said on a page of its own."""
    LIST = "list"
    """Several texts, each added and struck out by itself."""


class Tier(StrEnum):
    """What happens to edits that did not know of one another (`sync.patient_merge`)."""

    IDENTITY = "identity"
    """A person is asked; the earlier edit is shown until somebody has decided."""
    CONTACT = "contact"
    """The edit of the later corrected time is shown, the other stays in the history."""
    UNION = "union"
    """All that anybody added is kept; striking something out needs a clinician."""
    BLOCK = "block"
    """What a clinic proposes changes nothing until a clinician has decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientField:
    """One field of a patient.

    `name` is its name in Python, in journal entries, on the wire and in the feed. Texts for the
    kiosk are English sources of translations: `label` stands above its input, `listed` names it in
    a list (as `label` when empty), `hint` helps to fill it in. Texts for the desk are shown as they
    are: `one`, `many` and `finer` (values of which some are only more exact) name it in the review
    inbox, `word` within a sentence. `fhir` is its path in FHIR R4.
    """

    name: str
    label: str
    type: FieldType
    tier: Tier
    longest: int
    """In characters."""
    fhir: str
    one: str
    many: str
    word: str
    listed: str = ""
    hint: str = ""
    finer: str = ""
    codes: Codes | None = None
    default: str | None = None
    """The value when none is given."""
    required: bool = False
    refines: bool = False
    """A value that only begins another is a less exact one of the same: 1948 and 1948-06."""
    in_form: bool = True
    """The form of a person asks for it; what is not asked there has a page of its own."""
    least: int = 0
    most: int = 0
    """Of a `COUNT`: what it may be, both ends included."""
    half: bool = False
    """In a form it shares a line with the next such field."""
    searched: bool = False
    """The desk's search finds patients by it."""
    column: bool = False
    """It has a column of its own in the tables, because SQL looks it up or sorts by it."""
    in_header: bool = False
    """The kiosk's one line about a person says it."""
    with_word: bool = False
    """The desk writes `word` before its value in a line about a person."""

    @property
    def is_number(self) -> bool:
        """Whether it is written left to right in every language."""
        return self.type in (FieldType.BIRTH, FieldType.PHONE, FieldType.CARD, FieldType.COUNT)

    @property
    def is_entered(self) -> bool:
        """Whether it has an input of its own; an age is entered with the birth."""
        return self.in_form and self.type is not FieldType.AGE


PATIENT_FIELDS: tuple[PatientField, ...] = (
    PatientField(
        name="name",
        label="Name",
        type=FieldType.TEXT,
        tier=Tier.IDENTITY,
        longest=120,
        fhir="Patient.name",
        one="name",
        many="names",
        word="name",
        required=True,
        searched=True,
        column=True,
    ),
    PatientField(
        name="sex",
        label="Sex",
        type=FieldType.CODE,
        tier=Tier.IDENTITY,
        longest=40,
        fhir="Patient.gender",
        one="sex",
        many="entries for sex",
        word="sex",
        codes=Sex,
        default=Sex.UNKNOWN.value,
        column=True,
    ),
    PatientField(
        name="birth",
        label="Born",
        listed="Date of birth",
        hint="The year is enough.",
        type=FieldType.BIRTH,
        tier=Tier.IDENTITY,
        longest=40,
        fhir="Patient.birthDate",
        one="birth year",
        many="birth years",
        finer="birth dates",
        word="born",
        refines=True,
        column=True,
        with_word=True,
    ),
    PatientField(
        name="village",
        label="Village",
        type=FieldType.TEXT,
        tier=Tier.CONTACT,
        longest=120,
        fhir="Patient.address.city",
        one="village",
        many="villages",
        word="village",
        half=True,
        searched=True,
        column=True,
        in_header=True,
    ),
    PatientField(
        name="phone",
        label="Phone",
        type=FieldType.PHONE,
        tier=Tier.CONTACT,
        longest=40,
        fhir="Patient.telecom",
        one="phone number",
        many="phone numbers",
        word="phone",
        half=True,
        searched=True,
        column=True,
    ),
    PatientField(
        name="card",
        label="Card number",
        hint="Scan it or type it.",
        type=FieldType.CARD,
        tier=Tier.IDENTITY,
        longest=40,
        fhir="Patient.identifier",
        one="card number",
        many="card numbers",
        word="card",
        searched=True,
        column=True,
        in_header=True,
        with_word=True,
    ),
    PatientField(
        name="age",
        label="Age",
        type=FieldType.AGE,
        tier=Tier.CONTACT,
        longest=40,
        fhir="Patient.birthDate.extension",
        one="estimated age",
        many="estimated ages",
        word="age",
    ),
    PatientField(
        name="mother",
        label="Mother",
        type=FieldType.PERSON,
        tier=Tier.CONTACT,
        longest=36,
        fhir="RelatedPerson.patient",
        one="mother",
        many="mothers",
        word="mother",
        in_form=False,
        column=True,
    ),
    PatientField(
        name="birth_order",
        label="Twin",
        type=FieldType.COUNT,
        tier=Tier.CONTACT,
        longest=2,
        least=1,
        most=9,
        fhir="Patient.multipleBirthInteger",
        one="number of the twin",
        many="numbers of the twin",
        word="twin number",
        in_form=False,
        with_word=True,
    ),
    PatientField(
        name="gestation",
        label="Weeks of pregnancy at birth",
        type=FieldType.COUNT,
        tier=Tier.CONTACT,
        longest=2,
        least=20,
        most=45,
        fhir="Observation.valueQuantity",
        one="weeks of pregnancy at birth",
        many="weeks of pregnancy at birth",
        word="weeks of pregnancy at birth",
        in_form=False,
        with_word=True,
    ),
    PatientField(
        name="deceased",
        label="Has died",
        type=FieldType.LIFE_DAY,
        tier=Tier.CONTACT,
        longest=40,
        fhir="Patient.deceasedDateTime",
        one="day of death",
        many="days of death",
        word="deceased",
        in_form=False,
        column=True,
        with_word=True,
    ),
    PatientField(
        name="moved_away",
        label="Has moved away",
        type=FieldType.LIFE_DAY,
        tier=Tier.CONTACT,
        longest=40,
        fhir="Patient.address.period",
        one="day of moving away",
        many="days of moving away",
        word="moved away",
        in_form=False,
        column=True,
        with_word=True,
    ),
)
"""In the order of the form: who somebody is."""

SUMMARY_FIELDS: tuple[PatientField, ...] = (
    PatientField(
        name="allergies",
        label="Allergies",
        type=FieldType.LIST,
        tier=Tier.UNION,
        longest=200,
        fhir="AllergyIntolerance.code",
        one="allergy",
        many="allergies",
        word="allergies",
    ),
    PatientField(
        name="conditions",
        label="Conditions",
        type=FieldType.LIST,
        tier=Tier.UNION,
        longest=200,
        fhir="Condition.code",
        one="condition",
        many="conditions",
        word="conditions",
    ),
    PatientField(
        name="medicines",
        label="Medicines",
        type=FieldType.TEXT,
        tier=Tier.BLOCK,
        longest=200,
        fhir="MedicationStatement.medicationCodeableConcept",
        one="medicine and dose",
        many="entries for medicines and doses",
        word="medicines",
    ),
)
"""What must be known before treating; they have a page of their own (`edge.patients.summary`)."""

_COLUMNS = tuple(field.name for field in PATIENT_FIELDS if field.column)
_MORE = "more"
"""The column that holds the fields without one, as a JSON object."""

COLUMNS: tuple[str, ...] = (*_COLUMNS, _MORE)
"""The columns of the tables of patients, at the box and at the hospital, that hold fields."""

KIOSK_TEXTS: tuple[str, ...] = tuple(
    text
    for field in (*PATIENT_FIELDS, *SUMMARY_FIELDS)
    for text in (field.label, field.listed, field.hint, *(c.label for c in field.codes or ()))
    if text
) + tuple(unit.label for unit in AgeUnit)
"""What of this table the kiosk translates; its catalogs take these texts from here."""


class Row(Protocol):
    """A row of either database, as far as it is read here."""

    def __getitem__(self, key: str, /) -> Any: ...


def values_of(fields: PatientFields) -> dict[str, str | None]:
    """Return the value of each field as it is stored and sent, by name."""
    values = {field.name: getattr(fields, field.name) for field in PATIENT_FIELDS}
    return {name: None if value is None else str(value) for name, value in values.items()}


def arguments(values: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the arguments of `PatientFields` for values as stored.

    A code that its list does not hold becomes the field's default.
    """
    return {field.name: _argument(field, values.get(field.name)) for field in PATIENT_FIELDS}


def to_columns(values: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """Return what the `COLUMNS` of a table hold for these values."""
    rest = {n: v for n, v in values.items() if n not in _COLUMNS and v is not None}
    more = json.dumps(rest, ensure_ascii=False, sort_keys=True)
    return (*(values.get(name) for name in _COLUMNS), more)


def from_columns(row: Row) -> dict[str, str | None]:
    """Return the value of each field, by name, from a row that has the `COLUMNS`."""
    more = json.loads(row[_MORE])
    return {
        field.name: row[field.name] if field.column else more.get(field.name)
        for field in PATIENT_FIELDS
    }


def to_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as they are sent: beside an estimated age stands the birth that would follow.

    A release without estimates reads that birth, and no other release does (`from_wire`).
    """
    said = Estimate.parse(values.get("age"))
    if said is None or values.get("birth"):
        return dict(values)
    return {**values, "birth": said.birth()}


def from_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as they are kept: a birth beside an estimated age is nobody's knowledge."""
    return {**values, "birth": None} if values.get("age") else dict(values)


def _argument(field: PatientField, value: str | None) -> str | None:
    if field.codes is None:
        return value
    known = value if value in set(field.codes) else field.default
    return None if known is None else field.codes(known)
