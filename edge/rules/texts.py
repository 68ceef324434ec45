"""The sentences of clinical rules that people read: those of the tables, and a few of our own.

They are English source texts; screens show them translated (`kiosk_ui/catalogs.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edge.rules.assessment import Assessment, Status
from edge.rules.facts import BY_NAME, FACTS
from edge.rules.table import RuleTable

INCOMPLETE: Final = "Something is missing, so the result may be worse. Measure it or ask for it."
NOT_JUDGED: Final = "No alert can be given yet: something is missing. Measure it or ask for it."
IMPOSSIBLE: Final = "A value cannot be right. Look at the patient now, then measure again."
DRAFT: Final = "Draft: no clinician has signed this rule."


def texts(rules: Iterable[RuleTable]) -> Iterator[str]:
    """Yield every sentence and label of these rules that a screen shows, for translation."""
    yield from (INCOMPLETE, NOT_JUDGED, IMPOSSIBLE, DRAFT)
    yield from (fact.label for fact in FACTS)
    for rule in rules:
        yield rule.title
        for response in rule.responses.values():
            yield response.staff
            if response.patient:
                yield response.patient


def sentence(assessment: Assessment) -> str:
    """Return in one English line what an assessment says, for a terminal."""
    draft = " (draft)" if assessment.draft else ""
    head = f"{assessment.rule} {assessment.version}{draft}: {assessment.status.value}"
    if assessment.status is Status.NOT_APPLICABLE:
        return f"{head}, {assessment.reason}"
    labels = ", ".join(BY_NAME[name].label for name in assessment.missing)
    asked = f"; not known: {labels}" if labels else ""
    refused = assessment.result.get("refused")
    why = ", ".join(map(str, refused.values())) if isinstance(refused, Mapping) else ""
    unused = f"; not used: {why}" if why else ""
    staff = " ".join(response.staff for response in assessment.responses)
    return f"{head}, level {assessment.level.value}{asked}{unused}. {staff}".rstrip()
