"""The verdict's fixed seat: good, look again, DANGER, or not judged and why; it is never empty."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.readings import history
from edge.readings.history import StoredReading
from edge.rules.rule import Silence
from edge.store.store import Store
from edge.visits.visits import Visit
from kiosk_ui.wording import N_, count, kind_name, t


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

_BECAUSE = {
    Silence.NO_AGE: N_("the age is not known"),
    Silence.CHILD: N_("no rule for a child"),
    Silence.IMPROBABLE: N_("a value waits to be confirmed"),
}


def without_visit() -> VerdictText:
    """Return what the seat says while nobody is being seen."""
    return VerdictText("grey", t(_NOT_JUDGED), t(N_("no visit is open")))


def of_visit(store: Store, visit: Visit, now: Stamp) -> VerdictText:
    """Return what the rules found in a visit, by its alerts and by what no rule judges."""
    readings = [r for r in history.of_visit(store, visit.id) if not r.struck]
    urgent = history.urgent(store, [r.entry for r in readings])
    silences = history.silences(store, readings, now)
    judged = t(
        N_("%(n)s of %(all)s judged"),
        n=count(len(readings) - len(silences)),
        all=count(len(readings)),
    )
    dangerous = next((r for r in readings if r.entry in urgent), None)
    if dangerous is not None:
        return VerdictText("red", t(N_("DANGER")), kind_name(dangerous.kind))
    if not readings:
        return VerdictText("grey", t(_NOT_JUDGED), t(N_("nothing is measured yet")))
    if silences:
        why = t(_BECAUSE[next(iter(silences.values()))])
        return VerdictText("grey", t(_NOT_JUDGED), why)
    doubtful = next((r for r in readings if _is_doubtful(r)), None)
    if doubtful is not None:
        return VerdictText("amber", t(N_("Look again")), judged)
    return VerdictText("good", t(N_("No danger found")), judged)


def _is_doubtful(reading: StoredReading) -> bool:
    return bool(reading.warnings or reading.doubts)
