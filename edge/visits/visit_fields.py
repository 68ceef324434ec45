"""The fields of a visit's note, one row a field: how it is typed, checked, kept and shown.

The kiosk's pages, the entry `visit-note`, the rules' facts and the desk go through this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.visits import complaints, visit_words
from edge.visits.visit_words import VisitWord

MOST_WEEKS = 45
"""No pregnancy lasts longer than this many completed weeks."""


class VisitFieldType(StrEnum):
    """What a field holds: decides how it is checked and which input it gets."""

    TEXT = "text"
    WORD = "word"
    """One word of a closed list."""
    WORDS = "words"
    """Several words of a closed list, each said and taken back by itself."""
    TRUTH = "truth"
    """`yes` or `no`."""
    DATE = "date"
    """A calendar day that has come."""
    WEEKS = "weeks"
    """Completed weeks of a pregnancy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitField:
    """One field of a visit's note.

    `name` stands in records. `label` is an English text that the kiosk translates and the desk
    shows as it is. `words` is the closed list of a WORD or WORDS, `longest` counts characters.
    """

    name: str
    label: str
    type: VisitFieldType
    words: Mapping[str, VisitWord] | None = None
    longest: int = 40

    @property
    def is_list(self) -> bool:
        """Whether it holds several words."""
        return self.type is VisitFieldType.WORDS


def _words(name: str, label: str, words: Mapping[str, VisitWord]) -> VisitField:
    return VisitField(name=name, label=label, type=VisitFieldType.WORDS, words=words)


def _word(name: str, label: str, words: Mapping[str, VisitWord]) -> VisitField:
    return VisitField(name=name, label=label, type=VisitFieldType.WORD, words=words)


def _truth(name: str, label: str) -> VisitField:
    return VisitField(name=name, label=label, type=VisitFieldType.TRUTH)


def _text(name: str, label: str, longest: int) -> VisitField:
    return VisitField(name=name, label=label, type=VisitFieldType.TEXT, longest=longest)


VISIT_FIELDS: Final = (
    _word("reason", "Reason for the visit", visit_words.REASONS),
    _words("complaints", "Complaints", complaints.COMPLAINTS),
    _text("complaint", "Other complaint, in own words", 500),
    _text("onset", "Since when", 80),
    _words("danger_signs", "Danger signs", visit_words.DANGER_SIGNS),
    _words("questions_asked", "Danger signs asked about and absent", visit_words.DANGER_SIGNS),
    _words("triage_signs", "Triage signs", visit_words.MORE_SIGNS),
    _truth("triage_asked", "All triage signs were asked about"),
    _word("acvpu", "Consciousness", visit_words.CONSCIOUSNESS),
    _truth("oxygen", "Gets oxygen"),
    _truth("scale2", "Low oxygen target, decided by a clinician"),
    _text("scale2_by", "The clinician who decided it", 120),
    _truth("pregnant", "Pregnant"),
    VisitField(name="lmp", label="First day of the last period", type=VisitFieldType.DATE),
    VisitField(name="gestation_weeks", label="Weeks of pregnancy", type=VisitFieldType.WEEKS),
    _truth("postpartum", "Gave birth in the last six weeks"),
    _word("position", "Measured", visit_words.POSITIONS),
    _truth("oedema", "Swelling of both feet"),
    _word("temp_site", "Temperature measured", visit_words.TEMP_SITES),
    _word("meal", "When glucose was measured", visit_words.MEALS),
    _truth("smoker", "Smokes"),
    _text("found", "Found", 2000),
    _text("advised", "Advised", 2000),
    _word("outcome", "Outcome", visit_words.OUTCOMES),
)
"""In the order in which a visit is read."""

BY_NAME: Final[Mapping[str, VisitField]] = {field.name: field for field in VISIT_FIELDS}


def _labels() -> tuple[str, ...]:
    rows = [row.label for field in VISIT_FIELDS for row in (field.words or {}).values()]
    return tuple(dict.fromkeys([*(field.label for field in VISIT_FIELDS), *rows]))


KIOSK_TEXTS: Final = _labels()
"""What of these tables the kiosk translates; its catalogs take these texts from here."""
