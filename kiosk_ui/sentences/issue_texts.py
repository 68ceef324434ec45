"""Sentences for issues of the box, refused measurements and doubtful values."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from edge.assessments.silence import Silence
from edge.model.reading import NO_DOUBT, Code, Value
from edge.readings.history import Refusal
from edge.rules.plausibility import Finding, limits_of
from edge.store.issues import BY_NAME, Issue
from kiosk_ui.wording import N_, ltr, own_words, plain, quantity, t, vital_name

DISK_FULL = BY_NAME["disk-full"].sentence
DISK_FAULT = BY_NAME["disk-fault"].sentence

_UNKNOWN_ISSUE = N_("Something is wrong with %(subject)s. Call the technician.")

_NAMES = {
    "systolic": Code.SYSTOLIC,
    "diastolic": Code.DIASTOLIC,
    "mean-pressure": Code.MEAN_PRESSURE,
    "pulse": Code.PULSE,
    "spo2": Code.SPO2,
    "perfusion-index": Code.PERFUSION_INDEX,
    "body-fat": Code.BODY_FAT,
    "temperature": Code.TEMPERATURE,
    "weight": Code.WEIGHT,
    "height": Code.HEIGHT,
    "respiratory-rate": Code.RESPIRATORY_RATE,
    "glucose": Code.GLUCOSE_MMOL_L,
    "haemoglobin": Code.HAEMOGLOBIN,
    "capillary-refill": Code.CAPILLARY_REFILL,
    "upper-arm": Code.MUAC,
    "head": Code.HEAD_CIRCUMFERENCE,
}
"""The names of the table of limits."""

_PULSE_PRESSURE = N_("Upper and lower pressure are unusually close or far apart")

_REFUSALS = {
    "no-values": N_("The device did not get a reading. Please measure again."),
    "no-measurement": N_("The device did not get a reading. Please measure again."),
    "out-of-range": N_("The device gave an impossible number. Please measure again."),
    "unit": N_("The device used a unit that this box does not know. Call the technician."),
    "object": N_("The scale weighed a thing, not a person. Nothing was kept."),
    "below-meter-range": N_(
        "The meter sent a number that is too low for it. It may be another test, such as"
        " ketones. Look at the meter."
    ),
    "unmapped-test": N_(
        "The analyser sent a test that this site has not named: %(tests)s. Call the technician."
    ),
    "result-unit": N_(
        "The analyser used another unit than this site expects: %(tests)s. Call the technician."
    ),
    "result-value": N_(
        "The analyser sent a value that this box cannot read: %(tests)s. Read it from the analyser."
    ),
    "not-final": N_("The analyser sent a result that is not final yet: %(tests)s."),
    "withdrawn": N_("The analyser says that an earlier result was wrong: %(tests)s. Check it."),
    "crossed": N_("The upper pressure was not above the lower one. Please measure again."),
}
_EMPTY = frozenset({"no-values", "no-measurement"})
_REFUSED = N_("The device sent something that could not be read. Please measure again.")
_NO_CUFF = N_("The cuff did not get a reading. Sit still and measure again.")

_QUALITY = {
    "expired_kit": N_("kit used after its last day"),
    "body_movement": N_("moved while measuring"),
    "cuff_too_loose": N_("cuff too loose"),
    "irregular_pulse": N_("pulse irregular"),
    "pulse_above_range": N_("pulse too fast for the device"),
    "pulse_below_range": N_("pulse too slow for the device"),
    "improper_position": N_("arm not at the height of the heart"),
    "shared_user": N_("the scale does not know the person: fat is only a guess"),
    "unfinished": N_("stopped before the value had settled"),
    "small_after_person": N_("much less than the weight before: a bag, or a baby?"),
    "low_perfusion": N_("weak signal from the finger"),
    "inadequate_signal": N_("weak signal from the finger"),
    "poor_signal": N_("weak signal from the finger"),
    "nonpulsatile_signal": N_("weak signal from the finger"),
    "signal_processing_irregularity": N_("unsteady signal from the finger"),
    "erratic_signal": N_("unsteady signal from the finger"),
    "questionable_pulse": N_("unsteady signal from the finger"),
    "sensor_interference": N_("unsteady signal from the finger"),
    "improbable": N_("hardly possible: compare with the display of the device"),
    "unchecked": N_("compare with the display of the device"),
    "value_left_out": N_("another number of the device was impossible and is left out"),
    "sample_type_unknown": N_("the meter does not say whether it was blood"),
    "perhaps_same": N_("perhaps the same value sent again"),
    "perhaps_no_patient": N_("perhaps not a patient's sample: compare the sample's number"),
    "corrected": N_("the analyser corrected an earlier result"),
    "flag_L": N_("below the analyser's normal range"),
    "flag_LL": N_("far below the analyser's normal range"),
    "flag_H": N_("above the analyser's normal range"),
    "flag_HH": N_("far above the analyser's normal range"),
    "flag_A": N_("not normal, says the analyser"),
    "questionable": N_("the device doubts this value"),
    "early_estimate": N_("early estimate"),
    "equipment_malfunction": N_("the device reports a fault"),
    "sensor_malfunctioning": N_("the device reports a fault"),
}
"""Quality flags as drivers name them; one that stands nowhere here is shown as "check"."""


_SILENCES = {
    Silence.NO_AGE: N_("No rule judges this value, because the age is not known."),
    Silence.NO_SEX: N_("No rule judges this value, because the sex is not known."),
    Silence.NO_PREGNANCY: N_("No rule judges this value: nobody said whether she is pregnant."),
    Silence.NOT_SAID: N_("No rule judges this value: how it was measured was not said."),
    Silence.NO_RULE: N_("No rule is for this value and this person. Judge it yourself."),
    Silence.IMPROBABLE: N_("No rule judges this value before somebody has confirmed it."),
    Silence.PERHAPS_SAME: N_("No rule judges this value before somebody says which it is."),
}


_BODY_FAHRENHEIT = (Decimal(77), Decimal(113))
"""25 to 45 °C, the temperatures that a body can have, in °F."""

_ANY_QUALITY = N_("check the device")


def issue_sentence(issue: Issue) -> Markup:
    """Return what is wrong in one sentence."""
    kind = BY_NAME.get(issue.kind)
    text = _UNKNOWN_ISSUE if kind is None else kind.sentence
    return t(text, subject=own_words(issue.subject), detail=own_words(issue.detail))


def refusal_sentence(refusal: Refusal) -> Markup:
    """Return why a device's measurement was not kept as a value."""
    if refusal.why in _EMPTY and "blood-pressure" in refusal.measures:
        return t(_NO_CUFF)
    tests = refusal.text.partition(": ")[2]
    return t(_REFUSALS.get(refusal.why, _REFUSED), tests=ltr(tests or "–"))


def warning_sentence(name: str) -> Markup:
    """Return what is unusual about an accepted value, by its name in the table of limits."""
    if name == "pulse-pressure":
        return t(_PULSE_PRESSURE)
    what = vital_name(_NAMES[name]) if name in _NAMES else ltr(name)
    return t(N_("%(what)s is unusual"), what=what)


def silence_sentence(silence: Silence) -> Markup:
    """Return why no rule judges a value."""
    return t(_SILENCES[silence])


def quality_words(flags: tuple[str, ...]) -> list[Markup]:
    """Return quality flags in words, each once; those that are good news are left out."""
    words = [t(_QUALITY.get(f, _ANY_QUALITY)) for f in flags if f not in NO_DOUBT]
    return list(dict.fromkeys(words))


def _looks_like_fahrenheit(value: Value) -> bool:
    low, high = _BODY_FAHRENHEIT
    return value.code == Code.TEMPERATURE and value.unit == "Cel" and low <= value.value <= high


_CHECK = N_("%(what)s must be from %(low)s to %(high)s. Check the number.")
_LOOK_FIRST = N_(
    "%(what)s must be from %(low)s to %(high)s. Look at the patient now, then check the number."
)
_FAINT = frozenset({Code.RESPIRATORY_RATE, Code.PULSE, Code.SPO2})
"""Signs of life: below its limits one may be wrong, or the patient may be dying."""


def impossible_sentence(finding: Finding, values: tuple[Value, ...]) -> Markup:
    """Return why typed values cannot be true, with the limits that hold."""
    if finding.kind == "crossed":
        return t(N_("The upper pressure must be higher than the lower one."))
    if any(_looks_like_fahrenheit(value) for value in values):
        return t(N_("This looks like °F. Choose °F, or correct the number."))
    for value in values:
        limits = limits_of(value.code, value.unit)
        if limits is not None and limits.name == finding.name:
            low, high = (quantity(plain(bound), value.unit) for bound in limits.hard)
            is_faint = value.code in _FAINT and value.value < limits.hard[0]
            text = _LOOK_FIRST if is_faint else _CHECK
            return t(text, what=vital_name(value.code), low=low, high=high)
    return t(N_("This number cannot be right. Check it."))
