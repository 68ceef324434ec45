"""What names say about a sample: control material, a calibrator, a blank; no patient's.

Three places, three grammars. What a specimen is called may hold such a word anywhere; an order only
as its whole name, because "control" stands in the names of tests, too; the number of a sample
proves nothing, so there it is a doubt.
"""

from __future__ import annotations

import re

PERHAPS_NO_PATIENT = "perhaps_no_patient"
"""The doubt of a reading whose sample may be control material, or of several people."""

_LEVEL = r"(?:(?:LEVEL|LVL|LOW|NORMAL|HIGH|MEDIUM|MID|L|N|H|M|P)?[\s_.-]*\d{0,2})"
_CONTROL = (
    r"(?:CTRL|CTL|CONTROLS?|CONTR[OÔ]LES?|KONTROLLEN?"
    r"|\u041a\u041e\u041d\u0422\u0420\u041e\u041b\u042c"  # Russian: control
    r"|CALIBRAT(?:ION|OR|ORS|EUR)|CALIBRADOR|KALIBRATOR|CALIB"
    r"|\u041a\u0410\u041b\u0418\u0411\u0420\u0410\u0422\u041e\u0420)"  # Russian: calibrator
)
_QC = r"(?:LJ|L-J|XB|X-B|X-R)?[\s_-]*QC[RM]?[\s_-]*(?:RESULTS?|DATA|RUN|SAMPLE|LEVEL|L)?"
_CHINESE = r"[\u8d28\u8cea][\u63a7]|\u6821[\u51c6\u6e96]|\u5b9a\u6807"
"""Quality control and calibration, in Chinese."""

_QC_WORD = re.compile(rf"(?<![A-Z]){_QC}(?![A-Z])|QUALITY[\s_-]*CONTROL|{_CHINESE}")
_CONTROL_WORD = re.compile(rf"(?<![A-Z]){_CONTROL}(?![A-Z])")
_CONTROL_NAME = re.compile(rf"{_LEVEL}[\s_-]*{_CONTROL}[\s_-]*{_LEVEL}")
_CALIBRATION = re.compile(r"(?<![A-Z])CALIBRATION(?![A-Z])")
_CHART = re.compile(r"LJ|L-J|LEVEY[\s-]*JENNINGS|XB|X-B|X-R")
"""Charts of quality control; X-B is a mean of many patients."""

_MATERIAL = re.compile(r"(?:CAL|STANDARDS?|STD|BLANK|BACKGROUND)[\s_-]*\d{0,2}|CON-[LNHP]\d?")
_NUMBERED = re.compile(r"(?:CAL|STD)[\s_-]*[LNH]?[\s_-]*\d{1,2}|CON-[LNHP]\d?|BLANK\d{0,2}|STD")
"""Numbers alone: Cal and Con are names of people."""


def is_control_material(text: str) -> bool:
    """Whether what a specimen is called says that it is control material or a calibrator."""
    return _found(text) or any(_MATERIAL.fullmatch(part) for part in _parts(text))


def is_control_order(text: str) -> bool:
    """Whether an order is of quality control; "control" in the name of a test is no such order."""
    return any(
        _QC_WORD.search(part)
        or _CALIBRATION.search(part)
        or _CHART.fullmatch(part)
        or _CONTROL_NAME.fullmatch(part)
        for part in _parts(text)
    )


def is_control_number(text: str) -> bool:
    """Whether the number of a sample looks as if a laboratory gave it to control material."""
    return _found(text) or any(_NUMBERED.fullmatch(part) for part in _parts(text))


def _found(text: str) -> bool:
    words = text.upper()
    return _QC_WORD.search(words) is not None or _CONTROL_WORD.search(words) is not None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.upper().split("^") if part.strip()]
