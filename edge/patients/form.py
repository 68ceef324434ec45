"""Checking what somebody typed about a patient, field by field.

Nothing is refused that can be kept: every digit of Unicode is read, separators are forgiven, and
a birth is as exact as it is known (FHIR R4 `date`: a year, a month or a day).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

from edge.model import patient_fields
from edge.model.clock import ClockQuality, Stamp
from edge.model.errors import InvalidForm
from edge.model.patient import PatientFields
from edge.model.patient_fields import PATIENT_FIELDS, FieldType, PatientField
from edge.patients import cards

OLDEST_YEARS = 130

_BIRTH = re.compile(r"(\d{4})(?:年|[-/.年](\d{1,2})(?:月|[-/.月](\d{1,2})日?)?)?")
_PHONE = re.compile(r"\+?\d{3,20}")


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A patient's fields as typed. `age` (in `age_unit`) counts only when `birth` is empty.

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


def check(form: PatientForm, now: Stamp) -> PatientFields:
    """Return the fields as stored; raises `InvalidForm` naming every field that is wrong."""
    form = PatientForm(**{f.name: _tidy(getattr(form, f.name)) for f in fields(form)})
    wrong: dict[str, str] = {}
    kept = {field.name: _stored_text(field, form, now, wrong) for field in PATIENT_FIELDS}
    if wrong:
        raise InvalidForm(wrong)
    return PatientFields(**patient_fields.arguments(kept))


def check_changes(was: PatientFields, changes: Mapping[str, str], now: Stamp) -> PatientFields:
    """Return the stored fields after `changes` (as typed); raises `InvalidForm`."""
    known = {f.name for f in fields(PatientForm)}
    foreign = {field: "unknown" for field in changes if field not in known}
    if foreign:
        raise InvalidForm(foreign)
    typed = {name: value or "" for name, value in patient_fields.values_of(was).items()}
    if changes.get("age"):
        typed["birth"] = ""
    form = PatientForm(**(typed | dict(changes)))
    if was.card is None or form.card != was.card:
        return check(form, now)
    # A number kept by an earlier release stays, whatever its letters.
    return replace(check(replace(form, card=""), now), card=was.card)


def birth_from_age(age: str, today: date, unit: str = "years") -> str:
    """Return the birth that follows from an age: a year for "years", a month for "months".

    Raises `InvalidForm` for the field "age".
    """
    digits = _ascii_digits(age)
    if not re.fullmatch(r"\d{1,4}", digits) or unit not in ("years", "months"):
        raise InvalidForm({"age": "format"})
    number = int(digits)
    if number > (OLDEST_YEARS if unit == "years" else OLDEST_YEARS * 12):
        raise InvalidForm({"age": "too-old"})
    if unit == "years":
        return f"{today.year - number:04d}"
    year, month = divmod(today.year * 12 + today.month - 1 - number, 12)
    return f"{year:04d}-{month + 1:02d}"


def tidy_phone(text: str) -> str | None:
    """Return a phone number as digits with an optional "+", "" for none, None when it is none."""
    digits = re.sub(r"[\s().\-/\u2010-\u2015]", "", _ascii_digits(_tidy(text)))
    if digits == "" or _PHONE.fullmatch(digits):
        return digits
    return None


def _stored_text(
    field: PatientField, form: PatientForm, now: Stamp, wrong: dict[str, str]
) -> str | None:
    """Return a field as it is stored; what is wrong with it is noted in `wrong`."""
    if field.type is FieldType.BIRTH:
        return _birth(form, now, wrong)
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
    digits = tidy_phone(_text(field, typed) or "")
    if digits is None:
        raise InvalidForm({field.name: "format"})
    return digits or None


def _card(field: PatientField, typed: str) -> str | None:
    number = cards.tidy(_text(field, typed) or "")
    if number and not cards.is_number(number):
        raise InvalidForm({field.name: "alphabet"})
    return number or None


_READERS: Mapping[FieldType, Callable[[PatientField, str], str | None]] = {
    FieldType.TEXT: _text,
    FieldType.CODE: _code,
    FieldType.PHONE: _phone,
    FieldType.CARD: _card,
}


def _birth(form: PatientForm, now: Stamp, wrong: dict[str, str]) -> str | None:
    # The box thinks in UTC: somewhere it is already tomorrow. A clock at its floor knows no date.
    today = now.wall.date() + timedelta(days=1)
    if now.quality is ClockQuality.FLOOR:
        today = date.max
    try:
        if form.birth:
            return _exact_birth(form.birth, today, now.wall.date())
        if form.age:
            return birth_from_age(form.age, now.wall.date(), form.age_unit)
    except InvalidForm as error:
        wrong.update(error.fields)
    return None


def _exact_birth(text: str, latest: date, today: date) -> str:
    match = _BIRTH.fullmatch(_ascii_digits(text))
    if match is None:
        raise InvalidForm({"birth": "format"})
    parts = [int(part) for part in match.groups() if part]
    try:
        first_day = date(*[*parts, 1, 1][:3])
    except ValueError as error:
        raise InvalidForm({"birth": "impossible"}) from error
    if first_day > latest:
        raise InvalidForm({"birth": "future"})
    if first_day.year < today.year - OLDEST_YEARS:
        raise InvalidForm({"birth": "too-old"})
    return first_day.isoformat()[: (4, 7, 10)[len(parts) - 1]]


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
