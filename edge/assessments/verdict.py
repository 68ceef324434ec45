"""The verdict on a visit: one of nothing found, look again, DANGER, or not judged and why.

There is always one: no screen is calm because a rule had nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.assessments import judging, measured_facts, record, uncertain
from edge.assessments.record import StoredAssessment
from edge.assessments.uncertain import AGE_FACTS, ASKED, PREGNANT, SEX
from edge.model.clock import Stamp
from edge.model.entry import Entry
from edge.rules.assessment import Level, Response, Status
from edge.rules.table import RuleTable
from edge.rules.texts import NOT_JUDGED
from edge.store.store import Store
from edge.visits.visits import Visit

FOUND_NOTHING: Final = "Nothing was found that needs action today."
NOTHING_MEASURED: Final = "Nothing is measured yet."
TO_CONFIRM: Final = "A value must be confirmed before a rule can judge it."
FAILED: Final = "A rule has failed. Judge the values yourself."
NO_RULE: Final = "No rule is for this person. Judge the values yourself."
ACT: Final = "Act now, and ask a clinician."
LOOK: Final = "Look at this again today."
BY_LEVEL: Final = {
    Level.NONE: "Nothing was found by this rule.",
    Level.ROUTINE: "Go on as usual.",
    Level.SOON: LOOK,
    Level.URGENT: ACT,
    Level.EMERGENCY: ACT,
}
"""What is said to staff where a rule has no sentence for its level."""
UNKNOWN: Final = {
    "age": "No alert can be given: the age is not known.",
    SEX: "No alert can be given: the sex is not known.",
    PREGNANT: "No alert can be given: nobody said whether she is pregnant.",
    "temp_site": "No alert can be given: the temperature under the arm is not known.",
    "position": "No alert can be given: nobody said whether the child was lying or standing.",
    "glucose_kind": "No alert can be given: nobody said when the blood sugar was measured.",
}
"""What is said where a fact of the person is missing, by the question that asks for it."""

KIOSK_TEXTS: Final = (
    *(FOUND_NOTHING, NOTHING_MEASURED, TO_CONFIRM, FAILED, NO_RULE),
    *BY_LEVEL.values(),
    *UNKNOWN.values(),
)


class VerdictKind(StrEnum):
    """What a verdict says, in a word."""

    GOOD = "good"
    LOOK_AGAIN = "look-again"
    DANGER = "danger"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """What one rule said; `response` is None when its table is not the one that judged."""

    assessment: StoredAssessment
    rule: RuleTable | None
    response: Response | None

    @property
    def sentence(self) -> str:
        """What the rule says to staff (English)."""
        return staff_sentence(self.assessment.status, self.assessment.level, self.response)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a visit.

    `sentence` is for staff, `patient` for the patient and never names a disease ("" when nothing is
    to be said); both are English source texts. `judged` of `of` rules could judge. `asks` are what
    somebody can say so that more is judged, such as "age" (the keys of `UNKNOWN`). `lines` begin
    with the most urgent.
    """

    kind: VerdictKind
    level: Level
    sentence: str
    patient: str
    judged: int
    of: int
    asks: tuple[str, ...]
    lines: tuple[VerdictLine, ...]

    @property
    def draft(self) -> bool:
        """Whether no clinician has signed one of the tables that judged."""
        return any(line.assessment.draft for line in self.lines)


def staff_sentence(status: str, level: Level, response: Response | None) -> str:
    """Return what one rule says to staff (English): nothing milder than its level."""
    if status == Status.FAILED:
        return FAILED
    if response is not None and response.level.rank >= level.rank:
        return response.staff
    if status == Status.NEEDS_INPUT and level is Level.NONE:
        return NOT_JUDGED
    return BY_LEVEL[level]


def of_visit(store: Store, visit: Visit, now: Stamp) -> Verdict:
    """Return the verdict on a visit at a moment."""
    current = [one for one in record.of_visit(store, visit.patient_id, visit.id) if _says(one)]
    current.sort(key=lambda one: (-one.level.rank, one.rule))
    tables = judging.tables(store)
    lines = tuple(_line(one, tables.get(one.rule)) for one in current)
    level = uncertain.highest(Level.NONE, *(one.level for one in current))
    judged = [one for one in current if one.status in (Status.OK, Status.INCOMPLETE)]
    asks = asked(current)
    kind, sentence = _kind(level, lines, _why_not(store, visit, asks, current))
    said = _said(level, lines)
    patient = said.patient if said else ""
    return Verdict(kind, level, sentence, patient, len(judged), len(current), asks, lines)


def asked(current: Sequence[StoredAssessment]) -> tuple[str, ...]:
    """Return what somebody can say about the person so that more can be judged."""
    missing = {
        name
        for one in current
        if one.possible.rank > max(one.level.rank, Level.ROUTINE.rank)
        for name in one.missing
        if name in ASKED
    }
    names = ("age" if missing & set(AGE_FACTS) else "", *sorted(missing - set(AGE_FACTS)))
    return tuple(name for name in names if name)


def _says(one: StoredAssessment) -> bool:
    """Whether an assessment is of this person, and wants something or has judged."""
    if one.status is Status.NEEDS_INPUT:
        return one.possible.rank > Level.ROUTINE.rank
    return one.status is not Status.NOT_APPLICABLE


def _said(level: Level, lines: Sequence[VerdictLine]) -> Response | None:
    """Return what the most urgent rule asks for; nothing milder than what was found."""
    response = lines[0].response if lines else None
    return response if response is not None and response.level.rank >= level.rank else None


def _kind(level: Level, lines: Sequence[VerdictLine], why_not: str) -> tuple[VerdictKind, str]:
    found = _said(level, lines)
    said = found.staff if found else ""
    if level.rank >= Level.URGENT.rank:
        return VerdictKind.DANGER, said or ACT
    if why_not:
        return VerdictKind.NOT_JUDGED, why_not
    if level is Level.SOON:
        return VerdictKind.LOOK_AGAIN, said or LOOK
    return VerdictKind.GOOD, FOUND_NOTHING


def _why_not(
    store: Store, visit: Visit, asks: Sequence[str], current: Sequence[StoredAssessment]
) -> str:
    """Return why nothing can be said for certain, "" when it can."""
    if asks:
        return UNKNOWN[asks[0]]
    if any(one.status is Status.FAILED for one in current):
        return FAILED
    measured, doubted = _readings(store, visit)
    if doubted:
        return TO_CONFIRM
    if any(one.status in (Status.OK, Status.INCOMPLETE) for one in current):
        return ""
    return NO_RULE if measured else NOTHING_MEASURED


def _readings(store: Store, visit: Visit) -> tuple[bool, bool]:
    """Return whether a value of a visit is one that rules read, and whether one is in doubt."""
    rows = store.rows(
        "SELECT r.compared, r.perhaps, r.told_apart, j.record FROM reading r"
        " JOIN journal j ON j.id = r.entry WHERE r.visit_id = ? AND r.patient_id = ?"
        " AND coalesce(r.tray, '') <> 'discarded'",
        (visit.id, visit.patient_id),
    )
    entries = [(row, Entry.parse(row["record"].encode("utf-8"))) for row in rows]
    doubted = any(measured_facts.is_doubted(row, entry) for row, entry in entries)
    return any(measured_facts.names_in(e.body) for _, e in entries), doubted


def _line(one: StoredAssessment, rule: RuleTable | None) -> VerdictLine:
    if rule is None or rule.sha256 != one.sha256:
        return VerdictLine(one, rule, None)
    return VerdictLine(one, rule, uncertain.response(judging.by_rule(rule), one.facts))
