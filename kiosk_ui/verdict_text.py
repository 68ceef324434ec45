"""The verdict's fixed seat: good, look again, DANGER, or not judged and why; it is never empty."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup

from edge.assessments import verdict
from edge.assessments.uncertain import PREGNANT, SEX
from edge.assessments.verdict import VerdictKind
from edge.model.clock import Stamp
from edge.store.store import Store
from edge.visits.visits import Visit
from kiosk_ui.wording import N_, count, t


@dataclass(frozen=True, slots=True)
class VerdictText:
    """What stands in the seat: `tone` is "good", "amber", "red" or "grey"; `link` may be empty."""

    tone: str
    title: Markup
    more: Markup
    link: str = ""

    @property
    def icon(self) -> str:
        """The shape that stands for the tone, so that nobody needs the colour."""
        return _ICONS[self.tone]


_ICONS = {
    "good": "yes",
    "amber": "own_arrow_up",
    "red": "own_octagon",
    "grey": "own_question",
}

_NOT_JUDGED = N_("Not judged")

_TITLES = {
    VerdictKind.GOOD: ("good", N_("No danger found")),
    VerdictKind.LOOK_AGAIN: ("amber", N_("Look again")),
    VerdictKind.DANGER: ("red", N_("DANGER")),
    VerdictKind.NOT_JUDGED: ("grey", _NOT_JUDGED),
}

_BECAUSE = {
    verdict.UNKNOWN["age"]: N_("the age is not known"),
    verdict.UNKNOWN[SEX]: N_("the sex is not known"),
    verdict.UNKNOWN[PREGNANT]: N_("is she pregnant?"),
    verdict.UNKNOWN["temp_site"]: N_("where was the temperature measured?"),
    verdict.UNKNOWN["position"]: N_("lying or standing?"),
    verdict.UNKNOWN["glucose_kind"]: N_("when was the blood sugar measured?"),
    verdict.TO_CONFIRM: N_("a value waits to be confirmed"),
    verdict.FAILED: N_("a rule has failed"),
    verdict.NO_RULE: N_("no rule for this person"),
    verdict.NOTHING_MEASURED: N_("nothing is measured yet"),
}


def without_visit() -> VerdictText:
    """Return what the seat says while nobody is being seen."""
    return VerdictText("grey", t(_NOT_JUDGED), t(N_("no visit is open")))


def of_visit(store: Store, visit: Visit, now: Stamp) -> VerdictText:
    """Return what the rules found in a visit; a tap leads to the question, or to the rules."""
    found = verdict.of_visit(store, visit, now)
    tone, title = _TITLES[found.kind]
    if found.kind is VerdictKind.NOT_JUDGED:
        why = t(_BECAUSE.get(found.sentence, found.sentence))
        if found.asks:
            link = url_for("say_fact.show", visit_id=visit.id, what=found.asks[0])
            return VerdictText(tone, t(title), why, link)
        return VerdictText(tone, t(title), why, _rules(visit) if found.lines else "")
    judged = t(N_("%(n)s of %(all)s judged"), n=count(found.judged), all=count(found.of))
    return VerdictText(tone, t(title), judged, _rules(visit))


def _rules(visit: Visit) -> str:
    return url_for("rules.of_visit", visit_id=visit.id)
