"""How things are called and how numbers are written, in the language of the request.

Every number goes through `ltr`: left alone, the blood pressure 120/80 may read 80/120 in a
right-to-left sentence (Unicode Standard Annex 9). Digits are those of the language's row.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup, escape

from edge.model import units
from edge.model.age import Age, Estimate
from edge.model.clock import Stamp
from edge.model.coded_results import BY_WORD
from edge.model.laboratory_tests import LABORATORY_TESTS
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit, Sex
from edge.model.patient_fields import PATIENT_FIELDS, FieldType, PatientField
from edge.model.reading import CUFF_PRESSURE, Code, Kind, Value
from kiosk_ui import language
from kiosk_ui.texts import gettext, ngettext


def N_(text: str) -> str:
    """Mark a text for translation where it stands in a table; it is translated when shown."""
    return text


VITALS = {
    CUFF_PRESSURE: N_("Pressure in the cuff"),
    Code.SYSTOLIC: N_("Upper pressure"),
    Code.DIASTOLIC: N_("Lower pressure"),
    Code.MEAN_PRESSURE: N_("Mean pressure"),
    Code.PULSE: N_("Pulse"),
    Code.SPO2: N_("Oxygen"),
    Code.PERFUSION_INDEX: N_("Blood flow in the finger"),
    Code.TEMPERATURE: N_("Temperature"),
    Code.WEIGHT: N_("Weight"),
    Code.HEIGHT: N_("Height"),
    Code.BMI: N_("Body mass index"),
    Code.BODY_FAT: N_("Body fat"),
    Code.RESPIRATORY_RATE: N_("Breaths per minute"),
    Code.CAPILLARY_REFILL: N_("Capillary refill"),
    Code.GLUCOSE_MG_DL: N_("Blood sugar"),
    Code.GLUCOSE_MMOL_L: N_("Blood sugar"),
    Code.HAEMOGLOBIN: N_("Haemoglobin"),
    Code.MUAC: N_("Upper arm"),
    Code.HEAD_CIRCUMFERENCE: N_("Head"),
    Code.KETONE: N_("Ketones"),
    Code.CHOLESTEROL: N_("Cholesterol"),
    Code.URIC_ACID: N_("Uric acid"),
}
"""What each value is called (LOINC code)."""

_VITALS_BY_CODE = {str(code): name for code, name in VITALS.items()}

KINDS = {
    Kind.BLOOD_PRESSURE: N_("Blood pressure"),
    Kind.OXIMETRY: N_("Oxygen"),
    Kind.TEMPERATURE: N_("Temperature"),
    Kind.WEIGHT: N_("Weight"),
    Kind.HEIGHT: N_("Height"),
    Kind.HEART_RATE: N_("Pulse"),
    Kind.RESPIRATORY_RATE: N_("Breaths per minute"),
    Kind.HAEMOGLOBIN: N_("Haemoglobin"),
    Kind.MUAC: N_("Upper arm"),
    Kind.HEAD_CIRCUMFERENCE: N_("Head"),
    Kind.GLUCOSE: N_("Blood sugar"),
    Kind.BODY_COMPOSITION: N_("Body composition"),
    Kind.LABORATORY: N_("Laboratory"),
    Kind.CAPILLARY_REFILL: N_("Capillary refill"),
    Kind.TEST: N_("Test read by eye"),
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
    Kind.HAEMOGLOBIN: "own_pill",
    Kind.MUAC: "height",
    Kind.HEAD_CIRCUMFERENCE: "height",
    Kind.GLUCOSE: "diabetes_measure",
    Kind.BODY_COMPOSITION: "weight",
    Kind.LABORATORY: "medical_records",
    Kind.CAPILLARY_REFILL: "own_finger",
    Kind.TEST: "diabetes_measure",
}
"""The one picture of each act of measuring, the same on every page."""

PEOPLE = {
    Sex.FEMALE: ("girl_1015y", "woman", "old_woman"),
    Sex.MALE: ("boy_1015y", "man", "old_man"),
}
"""The pictures of a child, an adult and an old person."""

CHILD_BELOW, OLD_FROM = 15, 60
"""Years of age."""

_UNITS = {
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "[degF]": "°F",
    "[lb_av]": "lb",
    "{score}": "",
    "kg/m2": "kg/m²",
}

_NUMBER = re.compile(r"(?<![A-Za-z0-9])[0-9]+(?:[./][0-9]+)*(?![A-Za-z0-9])")
"""A number in a sentence, such as 140/90 or 15; not the 2 of SpO2."""


def t(text: str, **values: object) -> Markup:
    """Translate a sentence and fill it in; values that are not Markup are escaped.

    A number that is written in the sentence itself keeps its order in any direction of writing.
    """
    sentence = _NUMBER.sub(lambda number: str(ltr(number[0])), gettext(text))
    return Markup(sentence) % {name: _safe(value) for name, value in values.items()}


def ltr(text: object) -> Markup:
    """Return a number, range, code or unit that keeps its order in any direction of writing."""
    return Markup('<bdi dir="ltr" class="number">{}</bdi>').format(_numerals(text))


def own_words(text: object) -> Markup:
    """Return something that a person wrote (a name, a place), with a direction of its own."""
    return Markup("<bdi>{}</bdi>").format(text)


def count(number: int) -> Markup:
    """Return a count with its thousands apart."""
    return ltr(f"{number:,}")


def unit_name(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _UNITS.get(unit, unit)


def plain(value: Decimal) -> str:
    """Return a decimal with exactly the digits it has, never with an exponent."""
    return format(value, "f")


def vital_name(code: str) -> Markup:
    """Return what a value is called; an unknown code is shown as it is."""
    name = _VITALS_BY_CODE.get(code) or LABORATORY_TESTS.get(code)
    return t(name) if name else ltr(code)


def kind_name(kind: str) -> Markup:
    """Return what an act of measuring is called."""
    return t(KINDS[Kind(kind)]) if kind in set(Kind) else ltr(kind)


def kind_icon(kind: str) -> str:
    """Return the picture of an act of measuring."""
    return ICONS.get(Kind(kind), "info") if kind in set(Kind) else "info"


def quantity(number: str, unit: str) -> Markup:
    """Return a number and its unit as one isolated piece."""
    return Markup(
        '<bdi dir="ltr" class="quantity"><span class="number">{}</span>'
        ' <span class="unit">{}</span></bdi>'
    ).format(_numerals(number), unit_name(unit))


def value_text(value: Value) -> Markup:
    """Return one value with its unit; glucose as it was measured, and in the other unit."""
    measured = quantity(f"{value.comparator}{plain(value.value)}", value.unit)
    other = units.other_unit(value)
    if other is None:
        return measured
    reckoned = quantity(f"{other.comparator}{plain(other.value)}", other.unit)
    return Markup('{} <span class="reckoned">({})</span>').format(measured, reckoned)


def coded_text(word: str) -> Markup:
    """Return a result in words; a word that only a newer release knows is shown as it is."""
    row = BY_WORD.get(word)
    if row is None or row.is_grade:
        return ltr(row.label if row else word)
    return t(row.label)


def sex_name(sex: Sex) -> Markup:
    """Return the sex in words."""
    return t(sex.label)


def field_text(field: PatientField, value: str) -> Markup:
    """Return the value of a patient's field: a code by its name, a number left to right."""
    if field.type is FieldType.AGE:
        return estimate_text(value)
    if field.codes is not None:
        return t(field.codes(value).label) if value in set(field.codes) else own_words(value)
    return ltr(value) if field.is_number else own_words(value)


def estimate_text(value: str) -> Markup:
    """Return an estimated age as it was said, with the day."""
    said = Estimate.parse(value)
    if said is None:
        return own_words(value)
    as_said = _completed(said.at(said.said))
    day_said = own_words(language.current().date(said.said))
    return t(N_("about %(age)s, said on %(date)s"), age=as_said, date=day_said)


def header(patient: Patient) -> list[Markup]:
    """Return what the line about a person says beside name, sex and age."""
    values = [(field, getattr(patient, field.name)) for field in PATIENT_FIELDS if field.in_header]
    return [field_text(field, value) for field, value in values if value]


def name_of(patient: Patient) -> Markup:
    """Return the name; twins may bear the same one, so each has its number beside it."""
    name = own_words(patient.name)
    if patient.birth_order is None:
        return name
    return t(N_("%(name)s, twin %(number)s"), name=name, number=ltr(patient.birth_order))


def age(patient: Patient, today: date) -> Markup:
    """Return the age in words, "about" when it is not known to the unit that is shown."""
    known = patient.age_at(today)
    if known is None:
        return t(N_("Age not known"))
    if known.number == 0:
        return t(_YOUNGEST[known.unit])
    text = _completed(known)
    if known.about:
        text = t(N_("about %(age)s"), age=text)
    corrected = patient.corrected_age_at(today)
    if corrected is None:
        return text
    if corrected.days == 0:
        return t(N_("%(age)s, birth not due yet"), age=text)
    return t(N_("%(age)s, corrected %(corrected)s"), age=text, corrected=_completed(corrected))


def _completed(known: Age) -> Markup:
    """Return an age as a number of its unit."""
    return span(known.number, known.unit)


def span(n: int, unit: AgeUnit) -> Markup:
    """Return so many of a unit in words."""
    shown = ltr(n)
    match unit:
        case AgeUnit.HOURS:
            return Markup(ngettext("%(n)s hour", "%(n)s hours", n, n=shown))
        case AgeUnit.DAYS:
            return Markup(ngettext("%(n)s day", "%(n)s days", n, n=shown))
        case AgeUnit.WEEKS:
            return Markup(ngettext("%(n)s week", "%(n)s weeks", n, n=shown))
        case AgeUnit.MONTHS:
            return Markup(ngettext("%(n)s month", "%(n)s months", n, n=shown))
        case _:
            return Markup(ngettext("%(n)s year", "%(n)s years", n, n=shown))


_YOUNGEST = {
    AgeUnit.HOURS: N_("born just now"),
    AgeUnit.DAYS: N_("born today"),
    AgeUnit.WEEKS: N_("less than a week old"),
    AgeUnit.MONTHS: N_("less than a month old"),
    AgeUnit.YEARS: N_("less than a year old"),
}
"""An age of none of its unit."""


def rough_age(years: int | None) -> Markup:
    """Return the age in words, never more exact than a neighbour would guess it."""
    if years is None:
        return t(N_("Age not known"))
    if years == 0:
        return t(N_("Age: less than a year"))
    text = Markup(ngettext("%(n)s year", "%(n)s years", years, n=ltr(years)))
    return t(N_("about %(age)s"), age=text)


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
    return ltr(moment.astimezone().strftime("%H:%M"))


def day(moment: datetime) -> Markup:
    """Return the date in the reader's words."""
    return own_words(language.current().date(moment.astimezone().date()))


def moment_text(moment: datetime) -> Markup:
    """Return date and time."""
    return t(N_("%(date)s at %(time)s"), date=day(moment), time=clock_time(moment))


def since(moment: datetime, now: Stamp) -> Markup:
    """Return the time of day for today, with the date for any other day."""
    same = moment.astimezone().date() == now.wall.astimezone().date()
    return clock_time(moment) if same else moment_text(moment)


def _numerals(text: object) -> object:
    """Return a text with its digits as in the language of the request; Markup stays as it is."""
    return text if isinstance(text, Markup) else language.current().numerals(str(text))


def _safe(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(value)
