"""Tests that a person reads by eye: which there are, and what each can show; from a data file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from edge.model.coded_results import BY_WORD
from edge.model.errors import InvalidForm
from edge.model.reading import CodedValue, EyeTestKit, Kind, Measurement, Value

INVALID = "invalid"
"""The result of a test that did not work: it is kept, and the test is made again."""

EXPIRED = "expired_kit"
"""The quality of a result that was read from a kit after its last day."""

LONGEST = 60
"""Letters of a kit's name or lot."""


@dataclass(frozen=True, slots=True)
class ResultPart:
    """What one part of a test can show under its LOINC code: words, or steps of a scale."""

    code: str
    words: tuple[str, ...] = ()
    unit: str = ""
    steps: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be tapped: the words or the steps."""
        return self.words or self.steps


@dataclass(frozen=True, slots=True)
class EyeTest:
    """A test of the table: its word, its English label and its parts."""

    word: str
    label: str
    results: tuple[ResultPart, ...]


def _read() -> Mapping[str, EyeTest]:
    text = (files(__package__) / "eye_tests.toml").read_text(encoding="utf-8")
    return {row["word"]: _test(row) for row in tomllib.loads(text)["test"]}


def _test(row: Mapping[str, Any]) -> EyeTest:
    results = tuple(
        ResultPart(
            part["code"],
            tuple(part.get("words", ())),
            part.get("unit", ""),
            tuple(part.get("steps", ())),
        )
        for part in row["results"]
    )
    unknown = {word for part in results for word in part.words} - BY_WORD.keys()
    if unknown:
        raise ValueError(f"eye_tests.toml: {row['word']}: no result {sorted(unknown)}")
    return EyeTest(row["word"], row["label"], results)


EYE_TESTS: Final[Mapping[str, EyeTest]] = _read()

TEST_TEXTS: Final = tuple(test.label for test in EYE_TESTS.values())
"""Texts for the kiosk's catalogs."""


def measured(
    test: EyeTest, chosen: Mapping[str, str], kit: EyeTestKit, day: date, *, expired: bool = False
) -> Measurement:
    """Return the reading of a test; `chosen` maps codes to what was tapped, `day` is the visit's.

    Raises `InvalidForm`: a code "unknown", "result" "required", "kit" or "lot" "too-long",
    "expiry" "expired" for a kit after its last day unless somebody says `expired`.
    """
    parts = [part for part in test.results if chosen.get(part.code)]
    if not parts:
        raise InvalidForm({"result": "required"})
    for part in parts:
        if chosen[part.code] not in part.choices:
            raise InvalidForm({part.code: "unknown"})
    _check_kit(kit)
    is_late = kit.expiry is not None and kit.expiry < day
    if is_late and not expired:
        raise InvalidForm({"expiry": "expired"})
    return Measurement(
        Kind.TEST,
        tuple(Value(p.code, Decimal(chosen[p.code]), p.unit) for p in parts if p.steps),
        quality=(EXPIRED,) if is_late else (),
        coded=tuple(CodedValue(p.code, chosen[p.code]) for p in parts if p.words),
        kit=kit,
    )


def _check_kit(kit: EyeTestKit) -> None:
    for name, text in (("kit", kit.name), ("lot", kit.lot)):
        if len(text) > LONGEST:
            raise InvalidForm({name: "too-long"})
        if not text.isprintable():
            raise InvalidForm({name: "format"})
