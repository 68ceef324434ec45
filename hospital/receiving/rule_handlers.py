"""What the hospital does with the entries of the clinical rules: one row a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edge.model.entry import EntryKind
from hospital.archive import Archive
from hospital.entries.assessment_facts import AssessmentFact, RuleFact
from hospital.patients import assessments
from hospital.receiving.handler import Handler, Origin, Section, each


def _assessment(archive: Archive, origin: Origin, fact: AssessmentFact) -> None:
    assessments.enter(archive, origin.box, origin.id, fact, origin.received_ms)


def _rule(archive: Archive, origin: Origin, fact: RuleFact) -> None:
    assessments.enter_rule_event(archive, origin.box, origin.id, fact, origin.received_ms)


RULE_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.ASSESSMENT: Handler(
        AssessmentFact.read,
        each(_assessment),
        Section("patient_assessments.html", assessments.of_person),
    ),
    EntryKind.RULE: Handler(RuleFact.read, each(_rule)),
}
