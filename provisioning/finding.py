"""What a check of `healthpost checkup` finds."""

from __future__ import annotations

from dataclasses import dataclass

PASS, WARN, FAIL = "pass", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check, in words for the technician."""

    check: str
    result: str
    text: str
