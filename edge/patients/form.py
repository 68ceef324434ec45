"""Checking what somebody typed about a patient, field by field.

Nothing is refused that can be kept: every digit of Unicode is read, separators are forgiven, and
a birth is as exact as it is known (FHIR R4 `date`: a year, a month or a day).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from uuid import UUID

from edge.model import patient_fields
from edge.model.age import Estimate
from edge.model.clock import Stamp
from edge.model.errors import InvalidForm
from edge.model.life_status import LifeDay
from edge.model.patient import PatientFields
from edge.model.patient_fields import PATIENT_FIELDS, FieldType, PatientField
from edge.patients import birth, cards, phones


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A patient's fields as typed. `age` (in `age_unit`) counts only when `birth` is empty.

    `calendar` is that of `birth`, or several apart by spaces, of which nobody has chosen one.
    Beside these two, one attribute a row of `PATIENT_FIELDS`.
    """

    name: str
    sex: str = "unknown"
    birth: str = ""
    age: str = ""
    age_unit: str = "years"
    village: str = ""
    phone: str = ""
    card: str = ""
    calendar: str = ""
    mother: str = ""
    birth_order: str = ""
    gestation: str = ""
    deceased: str = ""
    moved_away: str = ""


def check(form: PatientForm, now: Stamp) -> PatientFields:
    """Return the fields as stored; raises `InvalidForm` naming every field that is wrong."""
    form = PatientForm(**{f.name: _tidy(getattr(form, f.name)) for f in fields(form)})
    wrong: dict[str, str] = {}
    apart = _born_or_old(form, now, wrong)
    kept = apart | {
        field.name: _stored_text(field, form, wrong)
        for field in PATIENT_FIELDS
        if field.name not in apart
    }
    if wrong:
        raise InvalidForm(wrong)
    return PatientFields(**patient_fields.arguments(kept))


def check_changes(was: PatientFields, changes: Mapping[str, str], now: Stamp) -> PatientFields:
    """Return the stored fields after `changes` (as typed); raises `InvalidForm`."""
    known = {f.name for f in fields(PatientForm)}
    foreign = {field: "unknown" for field in changes if field not in known}
    if foreign:
        raise InvalidForm(foreign)
    typed = as_typed(was, now)
    if changes.get("age"):
        typed["birth"] = ""
    form = PatientForm(**(typed | dict(changes)))
    if was.card is None or form.card != was.card:
        after = check(form, now)
    else:  # A number kept by an earlier release stays, whatever its letters.
        after = replace(check(replace(form, card=""), now), card=was.card)
    # Who leaves the age as it stands says nothing new: the estimate stays that of its day.
    unchanged = (form.age, form.age_unit) == (typed["age"], typed["age_unit"])
    return replace(after, age=was.age) if after.age and unchanged else after


def as_typed(was: PatientFields, now: Stamp) -> dict[str, str]:
    """Return what is stored as a form shows it: an estimate as the age of today."""
    typed = {name: value or "" for name, value in patient_fields.values_of(was).items()}
    said = Estimate.parse(was.age) if was.birth is None else None
    if said is None:
        return typed | {"age": "", "age_unit": "years"}
    age = said.at(birth.today_of(now))
    return typed | {"age": str(age.number), "age_unit": age.unit.value}


def _stored_text(field: PatientField, form: PatientForm, wrong: dict[str, str]) -> str | None:
    """Return a field as it is stored; what is wrong with it is noted in `wrong`."""
    typed: str = getattr(form, field.name)
    try:
        kept = _READERS[field.type](field, typed) or field.default
    except InvalidForm as error:
        wrong.update(error.fields)
        return None
    if field.required and not kept:
        wrong[field.name] = "required"
    return kept


def _text(field: PatientField, typed: str) -> str | None:
    if len(typed) > field.longest:
        raise InvalidForm({field.name: "too-long"})
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in typed):
        raise InvalidForm({field.name: "format"})
    return typed or None


def _code(field: PatientField, typed: str) -> str | None:
    if typed and typed not in set(field.codes or ()):
        raise InvalidForm({field.name: "unknown"})
    return typed or None


def _phone(field: PatientField, typed: str) -> str | None:
    digits = phones.tidy(_text(field, typed) or "")
    if digits is None:
        raise InvalidForm({field.name: "format"})
    return digits or None


def _card(field: PatientField, typed: str) -> str | None:
    number = cards.tidy(_text(field, typed) or "")
    if number and not cards.is_number(number):
        raise InvalidForm({field.name: "alphabet"})
    return number or None


def _person(field: PatientField, typed: str) -> str | None:
    try:
        return str(UUID(typed)) if typed else None
    except ValueError as error:
        raise InvalidForm({field.name: "format"}) from error


def _count(field: PatientField, typed: str) -> str | None:
    digits = birth.ascii_digits(typed)
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or len(digits) > field.longest:
        raise InvalidForm({field.name: "format"})
    if not field.least <= int(digits) <= field.most:
        raise InvalidForm({field.name: "impossible"})
    return str(int(digits))


def _life_day(field: PatientField, typed: str) -> str | None:
    if typed and LifeDay.parse(typed) is None:
        raise InvalidForm({field.name: "format"})
    return typed or None


_READERS: Mapping[FieldType, Callable[[PatientField, str], str | None]] = {
    FieldType.TEXT: _text,
    FieldType.CODE: _code,
    FieldType.PHONE: _phone,
    FieldType.CARD: _card,
    FieldType.PERSON: _person,
    FieldType.COUNT: _count,
    FieldType.LIFE_DAY: _life_day,
}


def _born_or_old(form: PatientForm, now: Stamp, wrong: dict[str, str]) -> dict[str, str | None]:
    """Return the birth, else the estimate; what is wrong with them is noted in `wrong`."""
    none: dict[str, str | None] = {"birth": None, "age": None}
    try:
        if form.birth:
            return none | {"birth": birth.read_birth(form.birth, form.calendar, now)}
        if form.age:
            said = birth.estimate(form.age, form.age_unit, birth.today_of(now))
            return none | {"age": str(said)}
    except InvalidForm as error:
        wrong.update(error.fields)
    return none


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
