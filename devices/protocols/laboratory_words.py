"""How devices spell the results of `edge.model.coded_results`: one row a result.

Spellings are levelled: capital letters, one blank for blanks, `-` and `_`, no points or brackets
around them. The codes of LOINC's answer lists and of SNOMED CT stand for their words where a coded
value is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.model.coded_results import CODED_RESULTS

_SPELLINGS: Mapping[str, str] = {
    "negative": "NEGATIVE|NEG|NEGATIV|NEGATIF|N\u00c9GATIF|NEGATIVO|NEGATIVA|\u9634\u6027"
    "|\u041e\u0422\u0420\u0418\u0426\u0410\u0422\u0415\u041b\u042c\u041d\u042b\u0419"
    "|\u041e\u0422\u0420|LA6577 6",
    "positive": "POSITIVE|POS|POSITIV|POSITIF|POSITIVO|POSITIVA|\u9633\u6027"
    "|\u041f\u041e\u041b\u041e\u0416\u0418\u0422\u0415\u041b\u042c\u041d\u042b\u0419"
    "|\u041f\u041e\u041b|LA6576 8",
    "weakly-positive": "WEAK POSITIVE|WEAKLY POSITIVE|WEAK POS|LOW POSITIVE|\u5f31\u9633\u6027",
    "not-detected": "NOT DETECTED|NONE DETECTED|UNDETECTED|TARGET NOT DETECTED|TND|LA11883 8"
    "|MTB NOT DETECTED|RIF RESISTANCE NOT DETECTED|HIV 1 NOT DETECTED|NOT DETECTABLE",
    "detected": "DETECTED|TARGET DETECTED|LA11882 0|MTB DETECTED|RIF RESISTANCE DETECTED"
    "|HIV 1 DETECTED",
    "detected-trace": "MTB DETECTED TRACE|MTB TRACE DETECTED|DETECTED TRACE|TRACE DETECTED",
    "detected-very-low": "MTB DETECTED VERY LOW|DETECTED VERY LOW|DETECTED (VERY LOW",
    "detected-low": "MTB DETECTED LOW|DETECTED LOW|DETECTED (LOW",
    "detected-medium": "MTB DETECTED MEDIUM|DETECTED MEDIUM|DETECTED (MEDIUM",
    "detected-high": "MTB DETECTED HIGH|DETECTED HIGH|DETECTED (HIGH",
    "non-reactive": "NON REACTIVE|NONREACTIVE|NOT REACTIVE|NR|NON REACTIF|NON R\u00c9ACTIF"
    "|LA15256 3|NO REACTIVO|NAO REAGENTE|N\u00c3O REAGENTE",
    "reactive": "REACTIVE|REACTIF|R\u00c9ACTIF|REACTIVO|REAGENTE|LA15255 5",
    "absent": "ABSENT|NIL|NONE|NOT PRESENT|LA9634 2",
    "present": "PRESENT|LA9633 4",
    "trace": "TRACE|TRACES|TR|\u00b1|+/|+ /|\u5fae\u91cf",
    "small": "SMALL",
    "medium": "MODERATE|MEDIUM",
    "large": "LARGE",
    "normal": "NORMAL|NORM|NOR",
    "abnormal": "ABNORMAL",
    "indeterminate": "INDETERMINATE|IND|INDETERMIN\u00c9|RIF RESISTANCE INDETERMINATE",
    "inconclusive": "INCONCLUSIVE",
    "equivocal": "EQUIVOCAL|EQV|BORDERLINE|GREY ZONE|GRAY ZONE",
}

WORD_OF: Mapping[str, str] = {
    spelling: word for word, row in _SPELLINGS.items() for spelling in row.split("|")
}
"""The word of a levelled spelling, LOINC's answer codes among them."""

WORD_OF_CODE: Mapping[str, str] = {row.snomed: row.word for row in CODED_RESULTS if row.snomed} | {
    spelling: word for spelling, word in WORD_OF.items() if re.fullmatch(r"LA\d+ \d", spelling)
}
"""The word of a standard's code: LOINC's, or SNOMED CT's, which elsewhere is a number."""

NO_QUANTITY = frozenset(
    {"negative", "positive", "weakly-positive", "not-detected", "non-reactive", "reactive"}
    | {"absent", "trace", "normal", "indeterminate", "inconclusive", "equivocal"}
    | {word for word in _SPELLINGS if word.split("-")[0] == "detected"}
)
"""Words that may stand where a quantity with a unit was expected. A grade is none of them."""

NOTHING_SAID = frozenset({"NR", "NONE", "NIL", "NOR", "IND"})
"""Spellings that mean "not reported" or "none" where a number was expected."""
