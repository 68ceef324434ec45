"""Complaints that are offered as chips: a closed list of our own words, read from a data file.

`complaints.toml` holds the words, in groups, with their English labels; the kiosk's catalogs
translate the labels. `complaint_codes.toml` maps words to codes of classifications whose licence
allows it (docs/licences.md); it is a second coding and no rule reads it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from edge.visits.visit_words import VisitWord, WordList


@dataclass(frozen=True, slots=True)
class ComplaintGroup:
    """Complaints that stand together on the screen, such as those of breathing."""

    word: str
    label: str
    complaints: tuple[VisitWord, ...]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def _groups() -> tuple[ComplaintGroup, ...]:
    return tuple(
        ComplaintGroup(
            group["word"],
            group["label"],
            tuple(VisitWord(word, label) for word, label in group["complaints"].items()),
        )
        for group in _read("complaints.toml")["group"]
    )


GROUPS: Final = _groups()
COMPLAINTS: Final = WordList(
    *((row.word, row.label) for group in GROUPS for row in group.complaints)
)

SYSTEMS: Final[Mapping[str, str]] = {
    "icd11": "ICD-11",
    "icpc2": "ICPC-2",
    "snomed": "SNOMED CT",
}
"""What a table of `complaint_codes.toml` may be called, and the classification that it is of."""


def _codes() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for system, codes in _read("complaint_codes.toml").items():
        for word, code in codes.items():
            found[word] = (*found.get(word, ()), f"{SYSTEMS[system]} {code}")
    if found.keys() - COMPLAINTS.keys():
        raise ValueError(f"complaint_codes.toml: no complaint {found.keys() - COMPLAINTS.keys()}")
    return found


CODES: Final = _codes()
"""The codes of a complaint, such as "ICD-11 ME05.1"; most have none."""

GROUP_TEXTS: Final = tuple(group.label for group in GROUPS)
"""Texts for the kiosk's catalogs."""
