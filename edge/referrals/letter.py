"""What a letter of referral says: gathered once by the box, kept with the referral, read anywhere.

It holds words of tables and values, no sentences: each reader words it in the language of the
screen. Reading never fails: a summary of a newer release, or a damaged one, says what it can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from edge.model.patient import Patient
from edge.model.patient_codes import Sex
from edge.visits.visit_fields import VISIT_FIELDS

MOST: Final = 40
"""Readings, rules and medicines of a letter, each."""
LONGEST: Final = 2_000
"""Characters of one text of a letter."""

_R = TypeVar("_R", bound="LetterRow")


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A row of a letter: texts only."""


@dataclass(frozen=True, slots=True)
class LetterReading(LetterRow):
    """One value: LOINC code, number, UCUM unit and comparator, or a result in words (`word`).

    `at` is Unix milliseconds as text, `sure` "no" when the clock was not trusted. `source` is
    "device" or "typed", `model` the device's. `doubts` are quality flags, apart by a blank.
    `method` tells how it was reckoned from several readings, such as `mean-of-2-and-3`.
    """

    code: str
    number: str = ""
    unit: str = ""
    comparator: str = ""
    word: str = ""
    at: str = ""
    sure: str = "yes"
    source: str = ""
    model: str = ""
    doubts: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class LetterRule(LetterRow):
    """What a rule said: its id, version, level, status, and "yes" while it is a draft."""

    rule: str
    version: str = ""
    level: str = ""
    status: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True)
class LetterMedicine(LetterRow):
    """A medicine given or advised in the visit; `state` is the word of its entry."""

    medicine: str
    dose: str = ""
    unit: str = ""
    quantity: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A letter. `texts` are single facts, `lists` several of a kind; what is missing is not known.

    texts: name, sex, birth, age, age_on (the day on which the age counts), village, phone, card,
    taken (medicines that the patient takes), allergies ("listed", "none", "not-asked"), clinic,
    clinic_phone, by. lists: allergies, conditions, programmes. Both hold the fields of the visit's
    note (`edge.visits.visit_fields`) under their own names, too.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readings: tuple[LetterReading, ...] = ()
    rules: tuple[LetterRule, ...] = ()
    medicines: tuple[LetterMedicine, ...] = ()

    def note(self) -> dict[str, str | tuple[str, ...]]:
        """Return what the visit's note said, by field, as `VISIT_FIELDS` reads it."""
        found: dict[str, str | tuple[str, ...]] = {}
        for known in VISIT_FIELDS:
            said = self.lists.get(known.name) if known.is_list else self.texts.get(known.name)
            if said:
                found[known.name] = said
        return found

    def patient(self) -> Patient:
        """Return who it is about, as the letter knew them; an unknown sex where it is no word."""
        sex = self.texts.get("sex", "")
        return Patient(
            self.texts.get("name", ""),
            Sex(sex) if sex in set(Sex) else Sex.UNKNOWN,
            birth=self.texts.get("birth") or None,
            village=self.texts.get("village") or None,
            phone=self.texts.get("phone") or None,
            card=self.texts.get("card") or None,
            age=self.texts.get("age") or None,
            id="",
        )

    def body(self) -> dict[str, object]:
        """Return it as canonical JSON can hold it; empty texts are left out."""
        found: dict[str, object] = {
            "texts": {name: text[:LONGEST] for name, text in self.texts.items() if text},
            "lists": {name: list(members) for name, members in self.lists.items() if members},
        }
        for name in ("readings", "rules", "medicines"):
            rows: Iterable[LetterRow] = getattr(self, name)[:MOST]
            found[name] = [{key: text for key, text in _texts(row) if text} for row in rows]
        return found

    @classmethod
    def read(cls, text: str) -> Summary:
        """Return the letter of a text; what is not as it must be is left out."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return cls()
        return cls.of(body) if isinstance(body, dict) else cls()

    @classmethod
    def of(cls, body: Mapping[str, object]) -> Summary:
        """Return the letter of a body; what is not as it must be is left out."""
        return cls(
            texts=_map(body.get("texts")),
            lists={
                name: tuple(one for one in members if isinstance(one, str))[:MOST]
                for name, members in _dict(body.get("lists")).items()
                if isinstance(members, list)
            },
            readings=_rows(body.get("readings"), LetterReading),
            rules=_rows(body.get("rules"), LetterRule),
            medicines=_rows(body.get("medicines"), LetterMedicine),
        )


def _texts(row: LetterRow) -> Iterable[tuple[str, str]]:
    return asdict(row).items()


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _map(value: object) -> Mapping[str, str]:
    return {name: text for name, text in _dict(value).items() if isinstance(text, str)}


def _rows(value: object, kind: type[_R]) -> tuple[_R, ...]:
    names = [one.name for one in fields(kind)]
    found = []
    for row in value[:MOST] if isinstance(value, list) else ():
        texts = {name: text for name, text in _map(row).items() if name in names}
        if names[0] in texts:
            found.append(kind(**texts))
    return tuple(found)
