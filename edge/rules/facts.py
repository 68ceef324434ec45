"""The facts that clinical rules read: one row a fact, with its code, its unit, its bounds.

A fact that cannot be (a wrong type, a number that no person has) is refused with a sentence and
counts as missing: no rule judges by it, and none is silent because of it. The bounds of coded
values are the hard limits of `plausibility.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from edge.model.reading import Code
from edge.rules import plausibility
from edge.rules.possible import INFINITE, UNKNOWN, Possible, Word, between, known
from edge.rules.risk_chart import REGIONS
from edge.rules.triage_signs import CHILD_TRIAGE_SIGNS, TRIAGE_SIGNS, YOUNG_INFANT_SIGNS


class FactType(StrEnum):
    """What a fact is: a number, one word of a list, yes or no, somebody's name."""

    NUMBER = "number"
    WORD = "word"
    FLAG = "flag"
    NAME = "name"


NAMED: Final = "named"
NOBODY: Final = "nobody"


Bounds = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its name, its English label, what it is, its unit (UCUM) and LOINC code, if any.

    `choices` are the words of a word. `least` and `most` bound a number, both included. The unit of
    a number that is measured in several is another fact, `told_by`; each has its `bounds`.
    """

    name: str
    label: str
    type: FactType = FactType.NUMBER
    unit: str = ""
    code: str = ""
    choices: tuple[Word, ...] = ()
    least: Decimal = Decimal(0)
    most: Decimal = INFINITE
    told_by: str = ""
    bounds: Mapping[Word, Bounds] = field(default_factory=dict)

    @property
    def unknown(self) -> Possible:
        """Return what it may be when nobody said."""
        match self.type:
            case FactType.NUMBER:
                return UNKNOWN
            case FactType.WORD:
                return frozenset(self.choices)
            case FactType.FLAG:
                return frozenset({False, True})
            case FactType.NAME:
                return frozenset({NAMED, NOBODY})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a fact is not used, in words."""

    text: str


def _number(  # noqa: PLR0913 - one argument a column
    name: str, label: str, unit: str, code: str, most: int, least: int = 0
) -> Fact:
    return Fact(name, label, FactType.NUMBER, unit, code, least=Decimal(least), most=Decimal(most))


def _limits(code: Code, unit: str) -> Bounds:
    limits = plausibility.limits_of(code, unit)
    if limits is None:
        raise LookupError(f"plausibility.toml has no limits of {code} in {unit}")
    return limits.hard


def _measured(name: str, label: str, unit: str, code: Code) -> Fact:
    low, high = _limits(code, unit)
    return Fact(name, label, FactType.NUMBER, unit, code, least=low, most=high)


def _in_units(name: str, label: str, bounds: Mapping[Word, Bounds]) -> Fact:
    least, most = (end for end in zip(*bounds.values(), strict=True))
    told_by = f"{name}_unit"
    return Fact(name, label, least=min(least), most=max(most), told_by=told_by, bounds=bounds)


def _word(name: str, label: str, *choices: Word) -> Fact:
    return Fact(name, label, FactType.WORD, choices=choices)


def _flag(name: str, label: str) -> Fact:
    return Fact(name, label, FactType.FLAG)


GLUCOSE: Final[Mapping[Word, Bounds]] = {
    "mg/dL": _limits(Code.GLUCOSE_MG_DL, "mg/dL"),
    "mmol/L": _limits(Code.GLUCOSE_MMOL_L, "mmol/L"),
}
HBA1C: Final[Mapping[Word, Bounds]] = {
    "%": (Decimal(3), Decimal(20)),
    "mmol/mol": (Decimal(9), Decimal(195)),
}
"""What a meter can measure; 9 to 195 mmol/mol are 3 to 20 % (proposal of this project)."""

BEYOND: Final[Mapping[Word, Bounds]] = {
    "mg/dL": (Decimal(20), Decimal(400)),
    "mmol/L": (Decimal("1.1"), Decimal("22.2")),
}
"""What the LO and the HI of a glucose meter are judged as: at most what meters usually measure
(docs/devices/glucose.md), and at least what every meter has to (FDA, Self-Monitoring Blood Glucose
Test Systems, 2020)."""

DANGER_SIGNS: Final = (
    ("convulsion", "fits (convulsions)"),
    ("lethargic", "very sleepy or cannot be woken"),
    ("confusion", "newly confused"),
    ("breathless", "hard to breathe"),
    ("stridor", "noise when breathing in, while calm"),
    ("chest_indrawing", "lower chest draws in"),
    ("unable_to_drink", "cannot drink or breastfeed"),
    ("vomits_everything", "vomits everything"),
    ("not_feeding_well", "feeds badly (young baby)"),
    ("moves_only_when_touched", "moves only when touched (young baby)"),
    ("chest_pain", "chest pain"),
    ("severe_headache", "severe headache"),
    ("vision", "sees badly or sees lights"),
    ("weakness_one_side", "one side of the face or body is weak"),
    ("stiff_neck", "stiff neck"),
    ("bleeding", "heavy bleeding"),
    ("abdominal_pain", "severe pain in the belly"),
    ("baby_moves_less", "the unborn baby moves less"),
    ("waters_broken", "the waters have broken"),
)
"""The words of `edge.visits.visit_words.DANGER_SIGNS`: each is present, absent, or not asked."""

_PLUS = ("1-plus", "2-plus", "3-plus", "4-plus")

FACTS: Final[tuple[Fact, ...]] = (
    _number("age_days", "age in days", "d", "30525-0", 47_500),
    _number("age_months", "age in months", "mo", "30525-0", 1_560),
    _number("age_years", "age in years", "a", "30525-0", 130),
    _word("sex", "sex", "f", "m"),
    _flag("pregnant", "pregnant"),
    _number("gest_weeks", "weeks of pregnancy", "wk", "18185-9", 45),
    _flag("postpartum", "gave birth in the last six weeks"),
    _flag("pregnant_or_postpartum", "pregnant, or gave birth in the last six weeks"),
    _number("altitude_m", "altitude of the clinic", "m", "", 6_000),
    _flag("smoker", "smokes"),
    _measured("rr", "breaths in a minute", "/min", Code.RESPIRATORY_RATE),
    _measured("rr_second", "second count of breaths", "/min", Code.RESPIRATORY_RATE),
    _measured("spo2", "oxygen saturation", "%", Code.SPO2),
    _flag("o2", "receives oxygen"),
    _word("spo2_scale", "SpO2 scale", Decimal(1), Decimal(2)),
    Fact("scale2_authorised_by", "clinician who decided on SpO2 scale 2", FactType.NAME),
    _measured("sbp", "systolic pressure", "mm[Hg]", Code.SYSTOLIC),
    _measured("dbp", "diastolic pressure", "mm[Hg]", Code.DIASTOLIC),
    _measured("hr", "pulse", "/min", Code.PULSE),
    _word("consciousness", "consciousness (ACVPU)", "A", "C", "V", "P", "U"),
    _flag("altered_mentation", "confused or less awake than usual"),
    _measured("temp_c", "temperature", "Cel", Code.TEMPERATURE),
    _word(
        "temp_site",
        "where the temperature was measured",
        "axillary",
        "oral",
        "rectal",
        "ear",
        "forehead",
    ),
    _number("axillary_temp_c", "temperature under the arm", "Cel", "8328-7", 45, least=25),
    _in_units("glucose", "blood glucose", GLUCOSE),
    _word("glucose_unit", "unit of the blood glucose", *GLUCOSE),
    _word("glucose_unit_wanted", "unit to show the blood glucose in", *GLUCOSE),
    _word(
        "glucose_kind", "when the blood glucose was measured", "fasting", "random", "2h_75g", "2h"
    ),
    _in_units("hba1c", "HbA1c", HBA1C),
    _word("hba1c_unit", "unit of the HbA1c", *HBA1C),
    _word("urine_protein", "protein in the urine", "negative", "trace", *_PLUS),
    _flag("symptoms", "much thirst, much urine, loss of weight"),
    _flag("needs_help", "cannot treat the low blood glucose alone"),
    _flag("age_known", "somebody has said the age"),
    _flag("severe_malnutrition", "severe malnutrition"),
    _flag("danger_symptoms", "chest pain, hard breathing, weakness, bad sight, severe headache"),
    _number("crt_s", "capillary refill", "s", "44963-7", 20),
    *(_flag(word, label) for word, label in DANGER_SIGNS),
    *(_flag(word, label) for word, label in (*TRIAGE_SIGNS, *CHILD_TRIAGE_SIGNS)),
    *(_flag(word, label) for word, label in YOUNG_INFANT_SIGNS),
    _measured("weight_kg", "weight", "kg", Code.WEIGHT),
    _measured("height_cm", "length or height", "cm", Code.HEIGHT),
    _word("position", "measured lying or standing", "lying", "standing"),
    _number("muac_mm", "circumference of the upper arm", "mm", "", 600, least=60),
    _number("head_cm", "circumference of the head", "cm", "9843-4", 80),
    _flag("bilateral_oedema", "both feet are swollen"),
    _measured("hb_g_per_l", "haemoglobin", "g/L", Code.HAEMOGLOBIN),
    _flag("asian_bmi", "the site uses the body mass index bounds for Asian populations"),
    _word("cvd_region", "region of the cardiovascular risk chart", "none", *REGIONS),
    _flag("known_cvd", "had a heart attack or a stroke, or has heart disease"),
)
"""Every fact that a table may name. A new one is a row here."""

BY_NAME: Final[Mapping[str, Fact]] = {fact.name: fact for fact in FACTS}


def read(fact: Fact, raw: object) -> Possible | Refusal:
    """Return what is known of a fact from its raw value (None: nothing), or why it is refused.

    A number that is not known exactly is {"least": …, "most": …}, such as a meter's HI or an age
    that was guessed.
    """
    if fact.type is FactType.NAME:
        return _read_name(fact, raw)
    if raw is None:
        return fact.unknown
    if fact.type is FactType.FLAG:
        return (
            known(raw) if isinstance(raw, bool) else Refusal(f"{fact.name} must be true or false")
        )
    if fact.type is FactType.WORD:
        return _read_word(fact, raw)
    if isinstance(raw, Mapping):
        return _read_bounds(fact, raw)
    number = _read_number(fact, raw)
    return number if isinstance(number, Refusal) else known(number)


def beyond(word: object, unit: object) -> Mapping[str, Decimal]:
    """Return what a meter's "HI" or "LO" says of a glucose in a unit, or in any if not known."""
    known_as = unit if isinstance(unit, str) else ""
    ranges = [BEYOND[known_as]] if known_as in BEYOND else list(BEYOND.values())
    if word == "HI":
        return {"least": min(high for _, high in ranges)}
    return {"most": max(low for low, _ in ranges)}


def _read_name(fact: Fact, raw: object) -> Possible | Refusal:
    if raw is None:
        return known(NOBODY)
    if not isinstance(raw, str):
        return Refusal(f"{fact.name} must be a name")
    return known(NAMED if raw.strip() else NOBODY)


def _read_word(fact: Fact, raw: object) -> Possible | Refusal:
    found = next((word for word in fact.choices if is_one_of(raw, (word,))), None)
    if found is not None:
        return known(found)
    allowed = ", ".join(str(word) for word in fact.choices)
    return Refusal(f"{fact.name} must be one of {allowed}")


def _read_bounds(fact: Fact, raw: Mapping[object, object]) -> Possible | Refusal:
    if not raw or not set(raw) <= {"least", "most"}:
        return Refusal(f'{fact.name} must be a number, or {{"least": …, "most": …}}')
    low = _read_number(fact, raw["least"]) if "least" in raw else -INFINITE
    high = _read_number(fact, raw["most"]) if "most" in raw else INFINITE
    if isinstance(low, Refusal):
        return low
    if isinstance(high, Refusal):
        return high
    if low > high:
        return Refusal(f"{fact.name}: {low} is above {high}")
    return between(low, high)


def _read_number(fact: Fact, raw: object) -> Decimal | Refusal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        return Refusal(f"{fact.name} must be a number")
    number = Decimal(str(raw)) if isinstance(raw, float) else Decimal(raw)
    if not number.is_finite():
        return Refusal(f"{fact.name} must be a number")
    if not fact.least <= number <= fact.most:
        return Refusal(f"{fact.name} must be from {fact.least} to {fact.most} {fact.unit}".rstrip())
    return number


def is_one_of(raw: object, words: Iterable[Word]) -> bool:
    """Whether a raw value is one of some words; true is never 1, and no value raises."""
    if isinstance(raw, bool | str):
        return any(raw is word or (isinstance(word, str) and raw == word) for word in words)
    if not isinstance(raw, int | Decimal) or not Decimal(raw).is_finite():
        return False
    return any(isinstance(word, Decimal) and word == raw for word in words)
