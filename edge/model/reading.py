"""A reading: one act of measuring, with every value it gave.

A cuff gives systolic, diastolic, mean and pulse in one act; they stay together, as the FHIR
blood-pressure panel keeps them. Values are `Decimal` from the wire to the screen: the digits a
device sent are information (FHIR R4 `decimal`; PHD IG 2.0.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from edge.model.clock import Stamp


class Code(StrEnum):
    """LOINC codes of the values that a box stores."""

    SYSTOLIC = "8480-6"
    DIASTOLIC = "8462-4"
    MEAN_PRESSURE = "8478-0"
    PULSE = "8867-4"
    SPO2 = "59408-5"
    PERFUSION_INDEX = "61006-3"
    TEMPERATURE = "8310-5"
    WEIGHT = "29463-7"
    HEIGHT = "8302-2"
    BMI = "39156-5"
    BODY_FAT = "41982-0"
    RESPIRATORY_RATE = "9279-1"
    GLUCOSE_MG_DL = "2339-0"
    GLUCOSE_MMOL_L = "15074-8"
    HEAD_CIRCUMFERENCE = "9843-4"
    MUAC = "284473002"
    """SNOMED CT: LOINC has a code for the right upper arm, and the left one is measured (WHO)."""
    HAEMOGLOBIN = "718-7"
    KETONE = "53328-9"
    CAPILLARY_REFILL = "44963-7"
    CHOLESTEROL = "2093-3"
    URIC_ACID = "3084-1"


CUFF_PRESSURE = "cuff-pressure"
"""What a cuff being inflated shows. No code of LOINC's: it is shown live and never stored."""


SMALL_AFTER_PERSON = "small_after_person"
"""The quality of a small weight that follows a person's on the same scale: a bag, or a baby."""

UNCHECKED = "unchecked"
"""The quality of a value that came without any checksum: somebody compares it with the device's
own display, see `edge.readings.intake.confirm`."""


IMPROBABLE = "improbable"
"""The quality of a value that hardly any body has: no rule judges it until somebody has confirmed
it, as one that is unchecked (`edge.rules.plausibility.improbable`)."""


LEFT_OUT = "value_left_out"
"""The quality of a reading without a further value that its device sent and that cannot be, such as
a mean of 999 mmHg beside a pressure (`edge.rules.plausibility.without_impossible`)."""


PERHAPS_SAME = "perhaps_same"
"""The quality of a value that may be an earlier one sent again, see `edge.readings.identity`: a
person says whether it is the same value or another one."""


SOMEBODY_ELSE = "somebody-else"
"""Why a reading went back to the tray; every other reason of a claim strikes the reading out."""


COUNTED_60_S = "counted_60_s"
"""The quality of breaths that somebody counted by taps over sixty full seconds (WHO IMCI, 2014)."""


NO_DOUBT = frozenset(
    {"measurement_ongoing", "validated", "fully_qualified", "from_storage"}
    | {"extended_display_update", "signal_analysis_ongoing"}
    | {"counted_60_s", "before_meal", "after_meal", "fasting", "snack", "bedtime"}
)
"""Quality flags that say how it was measured and are no reason to doubt it."""


MESSAGE_AGAIN_S = 600.0
"""An analyser sends what was not acknowledged again within seconds to minutes (CLSI LIS1-A: 15 s
for an answer, 10 s until the line is asked for again)."""


class Repeats(StrEnum):
    """How a kind of device is known to send a measurement again, once it has sent it."""

    ACT = "act"
    """The box itself tells its acts apart, such as the fingers in a stream: each is a new one."""
    NEVER = "never"
    """It sends each measurement once, when it is made."""
    MESSAGE = "message"
    """It sends a message again until it is acknowledged, within minutes and unchanged."""
    HELD = "held"
    """It sends what it still holds, so that one may come again in a later connection."""
    NUMBERED = "numbered"
    """It is asked for records of its memory, and numbers them."""
    WHOLE = "whole"
    """Each connection reads its whole memory again: equal records stand in it side by side."""


class Kind(StrEnum):
    """What was measured, as a worker would name it."""

    BLOOD_PRESSURE = "blood-pressure"
    OXIMETRY = "oximetry"
    TEMPERATURE = "temperature"
    WEIGHT = "weight"
    HEIGHT = "height"
    HEART_RATE = "heart-rate"
    RESPIRATORY_RATE = "respiratory-rate"
    GLUCOSE = "glucose"
    BODY_COMPOSITION = "body-composition"
    LABORATORY = "laboratory"
    CAPILLARY_REFILL = "capillary-refill"
    MUAC = "muac"
    HEAD_CIRCUMFERENCE = "head-circumference"
    HAEMOGLOBIN = "haemoglobin"
    TEST = "test"
    """A test whose result a person reads by eye."""


@dataclass(frozen=True, slots=True)
class Value:
    """One number: LOINC code, value, UCUM unit; comparator "<", ">", "<=" or ">=" of a bound."""

    code: str
    value: Decimal
    unit: str
    comparator: str = ""


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A result in words: LOINC code of the test, word of `edge.model.coded_results`."""

    code: str
    word: str


@dataclass(frozen=True, slots=True)
class EyeTestKit:
    """What a test read by eye was made with: name and lot as printed, the last day of use."""

    name: str = ""
    lot: str = ""
    expiry: date | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a decoder understood of one act of measuring, before the box stamps it.

    `device_time` is the device's own wall clock, without zone, or None. `quality` holds flags such
    as "body_movement" or "low_perfusion" in the words of the profile. `record` is the device's own
    record number or sequence, when it numbers its memory, or the number of an analyser's sample;
    `stored` says that it came from there. `coded` are results in words. `found` names the fields of
    an analyser's message that sample and time came from, such as "O-4". `message` is a digest of
    the analyser's message or record that carried it, when that message names itself (a control id
    or a time of its own); "" otherwise. `kit` is what a test was made with that was read by eye.
    """

    kind: Kind
    values: tuple[Value, ...]
    device_time: datetime | None = None
    quality: tuple[str, ...] = ()
    user: int | None = None
    record: str | None = None
    stored: bool = False
    message: str = ""
    coded: tuple[CodedValue, ...] = ()
    found: tuple[str, ...] = ()
    kit: EyeTestKit | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """How the box got a measurement: how its device repeats itself, and since when it is connected.

    `connected` is the stamp of the connection's or port's opening.
    """

    repeats: Repeats
    connected: Stamp


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured act, stamped by the box: who, by what, when, and the bytes it came from.

    `source` is "device" or "typed"; `device_id` names the device, None when typed. `raw` are the
    bytes as received, kept on the box. `patient_id` is None until a person says whose it is.
    `sent` is None for what was typed, and where nothing is known of how it came. `day` is the day
    that stands on paper, when it was typed in later.
    """

    measured: Measurement
    stamp: Stamp
    source: str
    device_id: str | None = None
    model: str | None = None
    raw: bytes = b""
    patient_id: str | None = None
    visit_id: str | None = None
    actor: str | None = None
    sent: Sending | None = None
    day: date | None = None

    def value(self, code: str) -> Value | None:
        """Return the value of a LOINC code, or None when this act did not give it."""
        return next((v for v in self.measured.values if v.code == code), None)
