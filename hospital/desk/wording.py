"""Text of values, times and people at the desk. Every number is isolated left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from markupsafe import Markup

from edge import rules
from edge.assessments import judging, rule_text, uncertain, verdict
from edge.assessments.alerts import SIGNS
from edge.assessments.second_judgement import Recorded, SecondJudgement
from edge.assessments.silence import Silence
from edge.model import units
from edge.model.age import Age, Estimate
from edge.model.bounds import LAST_MS
from edge.model.clock import PlacedStamp
from edge.model.coded_results import label_of
from edge.model.laboratory_tests import LABORATORY_TESTS
from edge.model.life_status import LifeDay
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit, Sex
from edge.model.patient_fields import PATIENT_FIELDS, FieldType, PatientField
from edge.model.reading import Code, Value
from edge.referrals.letter import LetterReading
from edge.rules.assessment import Level, Status
from hospital.patients.messages import DeliveryState, SentMessage
from hospital.views.chart import ReadingRow

SURE_WITHIN_MS = 60_000
"""A measured time is shown without its doubt when the doubt is smaller than the minutes shown."""

NAMES: dict[str, str] = {
    Code.SYSTOLIC: "Systolic",
    Code.DIASTOLIC: "Diastolic",
    Code.MEAN_PRESSURE: "Mean pressure",
    Code.PULSE: "Pulse",
    Code.SPO2: "SpO₂",
    Code.PERFUSION_INDEX: "Perfusion index",
    Code.TEMPERATURE: "Temperature",
    Code.WEIGHT: "Weight",
    Code.HEIGHT: "Height",
    Code.BMI: "BMI",
    Code.BODY_FAT: "Body fat",
    Code.RESPIRATORY_RATE: "Respiratory rate",
    Code.GLUCOSE_MG_DL: "Glucose",
    Code.GLUCOSE_MMOL_L: "Glucose",
    Code.HAEMOGLOBIN: "Haemoglobin",
    Code.KETONE: "Ketone",
    Code.CHOLESTEROL: "Cholesterol",
    Code.URIC_ACID: "Uric acid",
}

UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "[lb_av]": "lb"}
"""UCUM units that people write otherwise."""

_SILENCES = {
    Silence.NO_AGE: "Not judged, because the age is not known",
    Silence.NO_SEX: "Not judged, because the sex is not known",
    Silence.NO_PREGNANCY: "Not judged: nobody said whether she is pregnant",
    Silence.NOT_SAID: "Not judged: nobody said how it was measured",
    Silence.NO_RULE: "No rule is for this value and this person",
    Silence.IMPROBABLE: "Not judged before somebody at the clinic has confirmed it",
    Silence.PERHAPS_SAME: "Not judged before somebody at the clinic says which value it is",
}
"""Why no rule judges a value that may be dangerous."""

_EARLIER_RULES = {
    "news2-red": (
        "NEWS2: one parameter that alone scores 3",
        "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017."
        " ISBN 978-1-86016-682-2, chart 1 and chart 4",
    )
}
"""Title and source of the rules of earlier releases, whose alerts are still shown."""


@dataclass(frozen=True, slots=True)
class ValueText:
    """One quantity of a reading, worded."""

    name: str
    text: Markup


def shown(reading: ReadingRow) -> list[ValueText]:
    """Return a reading's quantities; systolic and diastolic become one."""
    systolic, diastolic = reading.value(Code.SYSTOLIC), reading.value(Code.DIASTOLIC)
    rest = [*reading.values]
    lines = []
    if systolic is not None and diastolic is not None and systolic.unit == diastolic.unit:
        rest = [v for v in rest if v not in (systolic, diastolic)]
        lines = [ValueText("Blood pressure", _isolated(f"{_number(systolic)}/{_number(diastolic)}",
                                                   systolic.unit))]  # fmt: skip
    words = [ValueText(name(v.code), Markup("{}").format(label_of(v.word))) for v in reading.coded]
    return lines + [ValueText(name(v.code), quantity(v)) for v in rest] + words


def name(code: str) -> str:
    """Return what a LOINC code is called; an unknown one stays itself."""
    return NAMES.get(code) or LABORATORY_TESTS.get(code, f"LOINC {code}")


def quantity(value: Value) -> Markup:
    """Return a value with its unit; glucose as it was measured, and in the other unit.

    Danger signs that were seen are no number: their name says all.
    """
    if value.code == SIGNS:
        return Markup("")
    measured, other = _isolated(_number(value), value.unit), units.other_unit(value)
    if other is None:
        return measured
    return Markup("{} ({})").format(measured, _isolated(_number(other), other.unit))


def letter_value(row: LetterReading) -> Markup:
    """Return a value of a letter; what is no number is shown as it came."""
    if row.word:
        return Markup("{}").format(label_of(row.word))
    return _isolated(f"{row.comparator}{row.number}", row.unit)


def letter_source(row: LetterReading) -> Markup:
    """Return where a value of a letter comes from, when, and what is doubtful about it."""
    when = moment(int(row.at)) if row.at.isdecimal() and len(row.at) < 16 else Markup("")
    source = row.model or ("typed" if row.source == "typed" else row.source)
    doubts = [flag.replace("_", " ") for flag in row.doubts.split()]
    doubts += ["time not certain"] if row.sure == "no" else []
    doubts += [row.method.replace("-", " ")] if row.method else []
    return Markup(", ").join([Markup.escape(source), when, *map(Markup.escape, doubts)])


def moment(when_ms: int | None) -> Markup:
    """Return a time in the hospital's zone, to the minute.

    A box sent it, perhaps to an older release: one that no calendar has must not hide the others.
    """
    if when_ms is None:
        return Markup("never")
    if not 0 <= when_ms <= LAST_MS:
        return Markup('<span class="doubt">a time that cannot be true</span>')
    when = datetime.fromtimestamp(when_ms / 1000, UTC)
    text = when.astimezone().strftime("%Y-%m-%d %H:%M")
    return Markup('<time dir="ltr" datetime="{}">{}</time>').format(when.isoformat(), text)


def day_of(placed: PlacedStamp) -> Markup:
    """Return the day of something typed in later from paper."""
    day = placed.when.astimezone().date().isoformat()
    return Markup('<time dir="ltr" datetime="{}">{}</time>').format(day, day)


def local(when: datetime | None) -> Markup:
    """Return an appointment's day and time, which are the hospital's local ones."""
    if when is None:
        return Markup("")
    text = when.strftime("%Y-%m-%d %H:%M")
    return Markup('<time dir="ltr" datetime="{}">{}</time>').format(when.isoformat()[:16], text)


def way(delivery: DeliveryState, message: SentMessage) -> str:
    """Return how far something is on its way to a clinic, promising nothing."""
    if message.gone:
        gone = {"reached": "Taken off the box", "partly": "Taken off some boxes"}
        return gone.get(delivery.state, "The clinic does not know yet that it is taken back")
    if delivery.state == "partly":
        return f"On {delivery.reached} of {delivery.boxes} boxes"
    return {
        "seen": "Seen by the health worker",
        "reached": "On the box, not yet seen",
        "waiting": "Waiting for the clinic",
    }[delivery.state]


def doubt(placed: PlacedStamp) -> str:
    """Return how far a measured time can be off, or "" when it need not be said."""
    if not placed.sure:
        return "time not certain: the box had no trusted clock"
    if placed.error_ms <= SURE_WITHIN_MS:
        return ""
    return f"± {-(-placed.error_ms // 60_000)} min"


def device_time(text: str | None) -> Markup:
    """Return the time of the device's own clock, or a dash."""
    if text is None:
        return Markup('<span aria-label="no clock">–</span>')
    return Markup('<bdi dir="ltr">{}</bdi>').format(text.replace("T", " ")[:16])


def rule(kind: str) -> str:
    """Return what a rule is called."""
    known = rules.rules().get(kind)
    return _EARLIER_RULES.get(kind, (kind, ""))[0] if known is None else known.title


def rule_level(one: Recorded | SecondJudgement) -> str:
    """Return in a word how soon somebody must act, or that nothing was judged."""
    if one.status in (Status.FAILED, Status.NEEDS_INPUT) and one.level == Level.NONE:
        return "Not judged"
    return "Nothing found" if one.level == Level.NONE else one.level.capitalize()


def rule_sentence(one: Recorded, second: SecondJudgement | None) -> str:
    """Return what a rule asks of staff: by its table where it is here, else by its level."""
    response = None
    if second is not None and second.same_table:
        response = uncertain.response(judging.by_rule(second.rule), one.facts)
    level = Level(one.level) if one.level in set(Level) else Level.NONE
    return verdict.staff_sentence(one.status, level, response)


def parameter(name: str) -> str:
    """Return what a rule's parameter is called: SpO₂, not Spo2."""
    code = Code.__members__.get(name.upper().replace("-", "_"))
    return name.replace("-", " ").capitalize() if code is None else NAMES[code]


def citation(kind: str) -> str:
    """Return where a rule comes from, "" when this desk does not know it."""
    known = rules.rules().get(kind)
    return _EARLIER_RULES.get(kind, ("", ""))[1] if known is None else known.citations[0]


def results(result: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return a rule's result in words, without what is not known and what stands elsewhere."""
    apart = {"status", "missing", "reason", "refused", "warnings"}
    known = [(n, v) for n, v in result.items() if n not in apart and v not in (None, {}, [])]
    return [(name.replace("_", " "), _result(value)) for name, value in known]


def facts(used: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the facts that a rule used: label and value."""
    return rule_text.shown(used)


def fact_names(missing: Sequence[str]) -> str:
    """Return what was missing, in words."""
    return ", ".join(rule_text.named(name) for name in missing)


def _result(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{rule_text.named(str(k))} {_result(v)}" for k, v in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def silence_text(why: Silence) -> str:
    """Return why no rule judged a value that may be dangerous."""
    return _SILENCES[why]


def today() -> date:
    """Return the day by the hospital's own calendar."""
    return date.today()  # noqa: DTZ011 - the time zone of the machine is the hospital's


def about(patient: Patient) -> str:
    """Return age and sex in a few words."""
    age = patient.age_at(today())
    words = "age unknown" if age is None else _age(age)
    corrected = patient.corrected_age_at(today())
    if corrected is not None:
        words = f"{words}, corrected {_age(corrected)}"
    return f"{words}, {patient.sex.value}" if patient.sex is not Sex.UNKNOWN else words


def _age(age: Age) -> str:
    one = age.unit.value.removesuffix("s")
    if age.number == 0:
        newborn = age.unit in (AgeUnit.DAYS, AgeUnit.HOURS)
        return "born today" if newborn else f"less than a {one} old"
    number = f"{age.number} {one if age.number == 1 else age.unit.value}"
    return f"about {number}" if age.about else number


def details(patient: Patient, *, birth: bool = False) -> list[Markup]:
    """Return what is known of somebody beside name, sex and age; the date of birth when asked."""
    apart = ("name", "sex") if birth else ("name", "sex", "birth", "age")
    known = [
        (f, getattr(patient, f.name))
        for f in PATIENT_FIELDS
        if f.name not in apart and f.type not in (FieldType.PERSON, FieldType.LIFE_DAY)
    ]
    return [_detail(field, value) for field, value in known if value]


def life_mark(patient: Patient) -> Markup:
    """Return that somebody has died or moved away, with the day; empty for who is alive there."""
    for field in PATIENT_FIELDS:
        value = getattr(patient, field.name)
        if field.type is FieldType.LIFE_DAY and value:
            marked = LifeDay.parse(value)
            day = marked.day if marked is not None else value
            said = Markup('<time dir="ltr">{}</time>').format(day) if day else Markup("")
            return Markup("{} {}").format(field.word.capitalize(), said)
    return Markup("")


def searched() -> str:
    """Return by what patients are searched: "name, village, phone, card or year of birth"."""
    words = [field.word for field in PATIENT_FIELDS if field.searched]
    return f"{', '.join(words)} or year of birth"


def _detail(field: PatientField, value: str) -> Markup:
    if field.type is FieldType.AGE:
        return _estimate(value)
    text = field.codes(value).label if field.codes is not None else value
    piece = '<bdi dir="ltr">{}</bdi>' if field.is_number else "<bdi>{}</bdi>"
    shown = Markup(piece).format(text)
    return Markup("{} {}").format(field.word, shown) if field.with_word else shown


def _estimate(value: str) -> Markup:
    said = Estimate.parse(value)
    if said is None:
        return Markup("<bdi>{}</bdi>").format(value)
    day = Markup('<time dir="ltr">{}</time>').format(said.said.isoformat())
    return Markup("age {} as said on {}").format(_age(said.at(said.said)), day)


def _number(value: Value) -> str:
    return f"{value.comparator}{value.value}"


def _isolated(number: str, unit: str) -> Markup:
    template = '<bdi dir="ltr" class="quantity">{} <span class="unit">{}</span></bdi>'
    return Markup(template).format(number, UNITS.get(unit, unit))
