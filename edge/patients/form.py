"""Checking what somebody typed about a patient, field by field.

Nothing is refused that can be kept: every digit of Unicode is read, separators are forgiven, and
a birth is as exact as it is known (FHIR R4 `date`: a year, a month or a day).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

from edge.model.clock import ClockQuality, Stamp
from edge.model.errors import InvalidForm
from edge.model.patient import Sex

OLDEST_YEARS = 130
LONGEST = {"name": 120, "village": 120, "phone": 40, "card": 40}

_BIRTH = re.compile(r"(\d{4})(?:年|[-/.年](\d{1,2})(?:月|[-/.月](\d{1,2})日?)?)?")
_PHONE = re.compile(r"\+?\d{3,20}")
_TEXTS = ("name", "village", "phone", "card")


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A patient's fields as typed. `age` (in `age_unit`) counts only when `birth` is empty."""

    name: str
    sex: str = "unknown"
    birth: str = ""
    age: str = ""
    age_unit: str = "years"
    village: str = ""
    phone: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class PatientFields:
    """A patient's fields as they are stored."""

    name: str
    sex: Sex
    birth: str | None
    village: str | None
    phone: str | None
    card: str | None


def check(form: PatientForm, now: Stamp) -> PatientFields:
    """Return the fields as stored; raises `InvalidForm` naming every field that is wrong."""
    form = PatientForm(**{f.name: _tidy(getattr(form, f.name)) for f in fields(form)})
    wrong: dict[str, str] = {}
    if not form.name:
        wrong["name"] = "required"
    for field in _TEXTS:
        kind = _wrong_text(field, getattr(form, field))
        if kind:
            wrong[field] = kind
    if form.sex and form.sex not in set(Sex):
        wrong["sex"] = "unknown"
    birth, phone = _birth(form, now, wrong), tidy_phone(form.phone)
    if phone is None:
        wrong.setdefault("phone", "format")
    if wrong:
        raise InvalidForm(wrong)
    sex = Sex(form.sex or "unknown")
    card = tidy_card(form.card)
    return PatientFields(form.name, sex, birth, form.village or None, phone or None, card)


def check_changes(was: PatientFields, changes: Mapping[str, str], now: Stamp) -> PatientFields:
    """Return the stored fields after `changes` (as typed); raises `InvalidForm`."""
    known = {f.name for f in fields(PatientForm)}
    foreign = {field: "unknown" for field in changes if field not in known}
    if foreign:
        raise InvalidForm(foreign)
    held = {f.name: str(getattr(was, f.name) or "") for f in fields(was)}
    if changes.get("age"):
        held["birth"] = ""
    return check(PatientForm(**(held | dict(changes))), now)


def birth_from_age(age: str, today: date, unit: str = "years") -> str:
    """Return the birth that an age tells: a year for "years", a month for "months".

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


def tidy_card(text: str) -> str | None:
    """Return a card's number without spaces and in capitals, so that scan and typing agree."""
    return re.sub(r"\s", "", _ascii_digits(_tidy(text))).upper() or None


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


def _wrong_text(field: str, text: str) -> str | None:
    if len(text) > LONGEST[field]:
        return "too-long"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        return "format"
    return None


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
