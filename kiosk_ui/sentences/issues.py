"""What is wrong, in the reader's language: conditions, refused measurements, doubtful values."""

from __future__ import annotations

from markupsafe import Markup

from edge.model.reading import Code, Value
from edge.readings.history import Refusal
from edge.rules.plausibility import Finding, limits_of
from edge.store.issues import Condition
from kiosk_ui.wording import isolated, noted, own_words, plain, quantity, say, vital_name

DISK_FULL = noted("The disk is full. New readings cannot be kept. Call the technician.")

CONDITIONS = {
    "port-busy": noted(
        "Another program is using the cable of %(subject)s. Close it or restart the box."
    ),
    "port-missing": noted("The cable of %(subject)s is not plugged in."),
    "line-settings": noted("%(subject)s sends unreadable data. Check the speed set on the device."),
    "device-silent": noted("%(subject)s has stopped sending. Check that it is switched on."),
    "battery-low": noted("The battery of %(subject)s is low."),
    "bond-stale": noted("%(subject)s has forgotten this box. Pair it again, as when it was new."),
    "not-paired": noted(
        "%(subject)s has not been paired with this box. Pair it before it is used."
    ),
    "device-refuses": noted(
        "%(subject)s does not hand over its readings (%(detail)s). Call the technician."
    ),
    "bluetooth-off": noted(
        "Bluetooth is switched off or does not answer. Wireless devices will not work."
    ),
    "broker-unreachable": noted(
        "The hospital cannot be reached. Readings are safe here and will follow."
    ),
    "link-refused": noted("The hospital refuses this box (%(detail)s). Call the technician."),
    "chain-differs": noted(
        "The hospital does not hold the same records as this box (%(detail)s)."
        " All of them are sent again."
    ),
    "identity-doubled": noted(
        "Another box uses this box's identity, so the hospital has stopped both."
        " Readings are safe here. Call the technician to enrol this box anew."
    ),
    "shut-out": noted(
        "The hospital has shut this box out. Readings stay here. Call the technician."
    ),
    "record-unsendable": noted(
        "Some records (%(detail)s) cannot be sent as they are. They are kept here."
        " Call the technician."
    ),
    "records-damaged": noted("Records on the disk are damaged (%(detail)s). Call the technician."),
    "clock-unset": noted("The box does not know the date. Please sign in and confirm it."),
    "disk-low": noted("The disk is nearly full (%(detail)s left). Call the technician."),
    "disk-full": DISK_FULL,
    "not-enrolled": noted("This box is not enrolled with a hospital yet. Readings stay here."),
}
"""One sentence for each kind of `edge.store.issues`."""

_UNKNOWN_CONDITION = noted("Something is wrong with %(subject)s. Call the technician.")

_NAMES = {
    "systolic": Code.SYSTOLIC,
    "diastolic": Code.DIASTOLIC,
    "mean-pressure": Code.MEAN_PRESSURE,
    "pulse": Code.PULSE,
    "spo2": Code.SPO2,
    "perfusion-index": Code.PERFUSION_INDEX,
    "temperature": Code.TEMPERATURE,
    "weight": Code.WEIGHT,
    "height": Code.HEIGHT,
    "respiratory-rate": Code.RESPIRATORY_RATE,
    "glucose": Code.GLUCOSE_MMOL_L,
    "haemoglobin": Code.HAEMOGLOBIN,
}
"""The names of the table of limits."""

_PULSE_PRESSURE = noted("Upper and lower pressure are unusually close or far apart")

_REFUSALS = {
    "no-values": noted("The device did not get a reading. Please measure again."),
    "no-measurement": noted("The device did not get a reading. Please measure again."),
    "out-of-range": noted("The device gave an impossible number. Please measure again."),
    "unit": noted("The device used a unit that this box does not know. Call the technician."),
    "crossed": noted("The upper pressure was not above the lower one. Please measure again."),
}
_EMPTY = frozenset({"no-values", "no-measurement"})
_REFUSED = noted("The device sent something that could not be read. Please measure again.")
_NO_CUFF = noted("The cuff did not get a reading. Sit still and measure again.")

_QUALITY = {
    "body_movement": noted("moved while measuring"),
    "cuff_too_loose": noted("cuff too loose"),
    "irregular_pulse": noted("pulse irregular"),
    "pulse_above_range": noted("pulse too fast for the device"),
    "pulse_below_range": noted("pulse too slow for the device"),
    "improper_position": noted("arm not at the height of the heart"),
    "shared_user": noted("the scale does not know the person: fat is only a guess"),
    "low_perfusion": noted("weak signal from the finger"),
    "inadequate_signal": noted("weak signal from the finger"),
    "poor_signal": noted("weak signal from the finger"),
    "nonpulsatile_signal": noted("weak signal from the finger"),
    "signal_processing_irregularity": noted("unsteady signal from the finger"),
    "erratic_signal": noted("unsteady signal from the finger"),
    "questionable_pulse": noted("unsteady signal from the finger"),
    "sensor_interference": noted("unsteady signal from the finger"),
    "unchecked": noted("compare with the display of the device"),
    "questionable": noted("the device doubts this value"),
    "early_estimate": noted("early estimate"),
    "equipment_malfunction": noted("the device reports a fault"),
    "sensor_malfunctioning": noted("the device reports a fault"),
}
"""Quality flags as drivers name them; one that stands nowhere here is shown as "check"."""


_ANY_QUALITY = noted("check the device")
_GOOD = frozenset(
    {"measurement_ongoing", "validated", "fully_qualified", "from_storage"}
    | {"extended_display_update", "signal_analysis_ongoing"}
    | {"before_meal", "after_meal", "fasting", "snack", "bedtime"}
)


def condition_sentence(condition: Condition) -> Markup:
    """Return what is wrong in one sentence."""
    text = CONDITIONS.get(condition.kind, _UNKNOWN_CONDITION)
    return say(text, subject=own_words(condition.subject), detail=own_words(condition.detail))


def refusal_sentence(refusal: Refusal) -> Markup:
    """Return why a device's measurement was not kept as a value."""
    if refusal.why in _EMPTY and "blood-pressure" in refusal.measures:
        return say(_NO_CUFF)
    return say(_REFUSALS.get(refusal.why, _REFUSED))


def warning_sentence(name: str) -> Markup:
    """Return what is unusual about an accepted value, by its name in the table of limits."""
    if name == "pulse-pressure":
        return say(_PULSE_PRESSURE)
    what = vital_name(_NAMES[name]) if name in _NAMES else isolated(name)
    return say(noted("%(what)s is unusual"), what=what)


def quality_words(flags: tuple[str, ...]) -> list[Markup]:
    """Return quality flags in words, each once; those that are good news are left out."""
    words = [say(_QUALITY.get(f, _ANY_QUALITY)) for f in flags if f not in _GOOD]
    return list(dict.fromkeys(words))


def impossible_sentence(finding: Finding, values: tuple[Value, ...]) -> Markup:
    """Return why typed values cannot be true, with the limits that hold."""
    if finding.kind == "crossed":
        return say(noted("The upper pressure must be higher than the lower one."))
    for value in values:
        limits = limits_of(value.code, value.unit)
        if limits is not None and limits.name == finding.name:
            low, high = (quantity(plain(bound), value.unit) for bound in limits.hard)
            return say(
                noted("%(what)s must be from %(low)s to %(high)s. Check the number."),
                what=vital_name(value.code),
                low=low,
                high=high,
            )
    return say(noted("This number cannot be right. Check it."))
