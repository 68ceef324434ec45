"""How things are called and how numbers are written, in the language of the request.

Every number goes through `isolated`: left alone, the blood pressure 120/80 may read 80/120 in a
right-to-left sentence (Unicode Standard Annex 9). Digits are Latin in all languages.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup, escape

from edge.model.clock import Stamp
from edge.model.patient import Patient, Sex
from edge.model.patient_fields import PATIENT_FIELDS, PatientField
from edge.model.reading import CUFF_PRESSURE, Code, Kind, Value
from kiosk_ui import language
from kiosk_ui.texts import gettext, ngettext


def noted(text: str) -> str:
    """Mark a text for translation where it stands in a table; it is translated when shown."""
    return text


VITALS = {
    CUFF_PRESSURE: noted("Pressure in the cuff"),
    Code.SYSTOLIC: noted("Upper pressure"),
    Code.DIASTOLIC: noted("Lower pressure"),
    Code.MEAN_PRESSURE: noted("Mean pressure"),
    Code.PULSE: noted("Pulse"),
    Code.SPO2: noted("Oxygen"),
    Code.PERFUSION_INDEX: noted("Blood flow in the finger"),
    Code.TEMPERATURE: noted("Temperature"),
    Code.WEIGHT: noted("Weight"),
    Code.HEIGHT: noted("Height"),
    Code.BMI: noted("Body mass index"),
    Code.BODY_FAT: noted("Body fat"),
    Code.RESPIRATORY_RATE: noted("Breaths per minute"),
    Code.GLUCOSE_MG_DL: noted("Blood sugar"),
    Code.GLUCOSE_MMOL_L: noted("Blood sugar"),
    Code.HAEMOGLOBIN: noted("Haemoglobin"),
    Code.KETONE: noted("Ketones"),
    Code.CHOLESTEROL: noted("Cholesterol"),
    Code.URIC_ACID: noted("Uric acid"),
}
"""What each value is called (LOINC code)."""

_VITALS_BY_CODE = {str(code): name for code, name in VITALS.items()}

KINDS = {
    Kind.BLOOD_PRESSURE: noted("Blood pressure"),
    Kind.OXIMETRY: noted("Oxygen"),
    Kind.TEMPERATURE: noted("Temperature"),
    Kind.WEIGHT: noted("Weight"),
    Kind.HEIGHT: noted("Height"),
    Kind.HEART_RATE: noted("Pulse"),
    Kind.RESPIRATORY_RATE: noted("Breaths per minute"),
    Kind.GLUCOSE: noted("Blood sugar"),
    Kind.BODY_COMPOSITION: noted("Body composition"),
    Kind.LABORATORY: noted("Laboratory"),
}
"""What each act of measuring is called."""

ICONS = {
    Kind.BLOOD_PRESSURE: "blood_pressure_monitor",
    Kind.OXIMETRY: "pulse_oximeter",
    Kind.TEMPERATURE: "thermometer_digital",
    Kind.WEIGHT: "weight",
    Kind.HEIGHT: "height",
    Kind.HEART_RATE: "heartbeat",
    Kind.RESPIRATORY_RATE: "lungs",
    Kind.GLUCOSE: "diabetes_measure",
    Kind.BODY_COMPOSITION: "weight",
    Kind.LABORATORY: "medical_records",
}
"""The one picture of each act of measuring, the same on every page."""

PEOPLE = {
    Sex.FEMALE: ("girl_1015y", "woman", "old_woman"),
    Sex.MALE: ("boy_1015y", "man", "old_man"),
}
"""The pictures of a child, an adult and an old person."""

CHILD_BELOW, OLD_FROM = 15, 60
"""Years of age."""

_UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": "", "kg/m2": "kg/m²"}

_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "ur": "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
}
"""Abbreviated as in the Unicode CLDR; Chinese counts its months."""


def say(text: str, **values: object) -> Markup:
    """Translate a sentence and fill it in; values that are not Markup are escaped."""
    return Markup(gettext(text)) % {name: _safe(value) for name, value in values.items()}


def isolated(text: object) -> Markup:
    """Return a number, range, code or unit that keeps its order in any direction of writing."""
    return Markup('<bdi dir="ltr" class="number">{}</bdi>').format(text)


def own_words(text: object) -> Markup:
    """Return something that a person wrote (a name, a place), with a direction of its own."""
    return Markup("<bdi>{}</bdi>").format(text)


def count(number: int) -> Markup:
    """Return a count with its thousands apart."""
    return isolated(f"{number:,}")


def unit_name(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _UNITS.get(unit, unit)


def plain(value: Decimal) -> str:
    """Return a decimal with exactly the digits it has, never with an exponent."""
    return format(value, "f")


def vital_name(code: str) -> Markup:
    """Return what a value is called; an unknown code is shown as it is."""
    return say(_VITALS_BY_CODE[code]) if code in _VITALS_BY_CODE else isolated(code)


def kind_name(kind: str) -> Markup:
    """Return what an act of measuring is called."""
    return say(KINDS[Kind(kind)]) if kind in set(Kind) else isolated(kind)


def kind_icon(kind: str) -> str:
    """Return the picture of an act of measuring."""
    return ICONS.get(Kind(kind), "info") if kind in set(Kind) else "info"


def quantity(number: str, unit: str) -> Markup:
    """Return a number and its unit as one isolated piece."""
    return Markup(
        '<bdi dir="ltr" class="quantity"><span class="number">{}</span>'
        ' <span class="unit">{}</span></bdi>'
    ).format(number, unit_name(unit))


def value_text(value: Value) -> Markup:
    """Return one value with its unit."""
    return quantity(f"{value.comparator}{plain(value.value)}", value.unit)


def sex_name(sex: Sex) -> Markup:
    """Return the sex in words."""
    return say(sex.label)


def field_text(field: PatientField, value: str) -> Markup:
    """Return the value of a patient's field: a code by its name, a number left to right."""
    if field.codes is not None:
        return say(field.codes(value).label) if value in set(field.codes) else own_words(value)
    return isolated(value) if field.is_number else own_words(value)


def header(patient: Patient) -> list[Markup]:
    """Return what the line about a person says beside name, sex and age."""
    said = [(field, getattr(patient, field.name)) for field in PATIENT_FIELDS if field.in_header]
    return [field_text(field, value) for field, value in said if value]


def age(patient: Patient, today: date) -> Markup:
    """Return the age in words, "about" when only the year of birth is known."""
    years = patient.age_years(today)
    if years is None:
        return say(noted("Age not known"))
    text = Markup(ngettext("%(n)s year", "%(n)s years", years, n=isolated(years)))
    if patient.birth is not None and len(patient.birth) == 4:
        return say(noted("about %(age)s"), age=text)
    return text


def rough_age(years: int | None) -> Markup:
    """Return the age in words, never more exact than a neighbour would guess it."""
    if years is None:
        return say(noted("Age not known"))
    if years == 0:
        return say(noted("Age: less than a year"))
    text = Markup(ngettext("%(n)s year", "%(n)s years", years, n=isolated(years)))
    return say(noted("about %(age)s"), age=text)


def person_icon(sex: Sex, years: int | None) -> str:
    """Return the picture of somebody of this sex and age."""
    if sex not in PEOPLE:
        return "person"
    child, adult, old = PEOPLE[sex]
    if years is None:
        return adult
    return child if years < CHILD_BELOW else old if years >= OLD_FROM else adult


def clock_time(moment: datetime) -> Markup:
    """Return the time of day on the box's own wall."""
    return isolated(moment.astimezone().strftime("%H:%M"))


def day(moment: datetime) -> Markup:
    """Return the date in the reader's words."""
    here, code = moment.astimezone(), language.current().code
    if code not in _MONTHS:
        return own_words(f"{here.year}年{here.month}月{here.day}日")
    return own_words(f"{here.day} {_MONTHS[code].split()[here.month - 1]} {here.year}")


def moment_text(moment: datetime) -> Markup:
    """Return date and time."""
    return say(noted("%(date)s at %(time)s"), date=day(moment), time=clock_time(moment))


def since(moment: datetime, now: Stamp) -> Markup:
    """Return the time of day for today, with the date for any other day."""
    same = moment.astimezone().date() == now.wall.astimezone().date()
    return clock_time(moment) if same else moment_text(moment)


def _safe(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(value)
