"""Types of the entries about rules: an assessment of a patient, and an event of a rule's table."""

from __future__ import annotations

import json
from typing import Annotated

import msgspec

from edge.model.clock import Stamp
from edge.model.entry import Entry
from hospital.entries.facts import Fact
from hospital.entries.fields import MAX_VALUES, MalformedField, Text, checked_day

LONGEST_JSON = 16_000
"""Characters of the facts or of the result of one assessment."""

JsonText = Annotated[str, msgspec.Meta(max_length=LONGEST_JSON)]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_VALUES)]


class AssessmentFact(Fact, frozen=True):
    """What a rule found of a patient; `result` and `facts` are maps as JSON."""

    patient: Text
    day: Text
    rule: Text
    version: Text
    sha256: Text
    status: Text
    level: Text
    result: JsonText
    facts: JsonText
    readings: Texts
    missing: Texts
    at: Stamp
    visit: Text | None = None
    draft: bool = False
    cause: Text | None = None

    @classmethod
    def read(cls, entry: Entry) -> AssessmentFact:
        """Return the fact of an assessment; raises `ValueError` when a map is none."""
        fact = cls._of(entry, entry.body)
        checked_day(fact.day)
        for text in (fact.result, fact.facts):
            try:
                is_map = isinstance(json.loads(text), dict)
            except (ValueError, RecursionError):
                is_map = False
            if not is_map:
                raise MalformedField("result or facts is no map")
        return fact


class RuleFact(Fact, frozen=True):
    """A rule's table was signed, loaded, refused, made more cautious or failed at a clinic."""

    rule: Text
    version: Text
    sha256: Text
    what: Text
    at: Stamp
    by: Text | None = None
    why: Text | None = None
