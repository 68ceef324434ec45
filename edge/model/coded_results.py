"""Results of a test that are words: one row a result, with its label and its code.

A closed table: what an analyser or a strip says is one of these or is no result at all. The codes
are those of SNOMED CT (qualifier values); where no licence allows them the word itself stands. Box
and hospital read the same table; a word that only a newer release knows is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CodedResult:
    """One result in a word: `word` stands in a record, `label` is English, `snomed` may be ""."""

    word: str
    label: str
    snomed: str = ""

    @property
    def is_grade(self) -> bool:
        """Whether the label is a number of plus signs, which no language translates."""
        return self.label[0].isdigit()


CODED_RESULTS: Final = (
    CodedResult("negative", "negative", "260385009"),
    CodedResult("positive", "positive", "10828004"),
    CodedResult("weakly-positive", "weakly positive", "260408008"),
    CodedResult("not-detected", "not detected", "260415000"),
    CodedResult("detected", "detected", "260373001"),
    CodedResult("detected-trace", "detected, trace"),
    CodedResult("detected-very-low", "detected, very low"),
    CodedResult("detected-low", "detected, low"),
    CodedResult("detected-medium", "detected, medium"),
    CodedResult("detected-high", "detected, high"),
    CodedResult("non-reactive", "non-reactive", "131194007"),
    CodedResult("reactive", "reactive", "11214006"),
    CodedResult("absent", "absent", "2667000"),
    CodedResult("present", "present", "52101004"),
    CodedResult("trace", "trace", "260405006"),
    CodedResult("1-plus", "1+", "260347006"),
    CodedResult("2-plus", "2+", "260348001"),
    CodedResult("3-plus", "3+", "260349009"),
    CodedResult("4-plus", "4+", "260350009"),
    CodedResult("small", "small", "255507004"),
    CodedResult("medium", "medium", "255508009"),
    CodedResult("large", "large", "255509001"),
    CodedResult("normal", "normal", "17621005"),
    CodedResult("abnormal", "abnormal", "263654008"),
    CodedResult("indeterminate", "indeterminate", "82334004"),
    CodedResult("inconclusive", "inconclusive", "419984006"),
    CodedResult("invalid", "invalid: test again"),
    CodedResult("equivocal", "equivocal", "42425007"),
)

BY_WORD: Final[Mapping[str, CodedResult]] = {row.word: row for row in CODED_RESULTS}


WORDED: Final = tuple(row for row in CODED_RESULTS if not row.is_grade)
"""The rows whose labels are translated."""


def label_of(word: str) -> str:
    """Return the English label of a word; a word that is not known here stands for itself."""
    row = BY_WORD.get(word)
    return word if row is None else row.label
