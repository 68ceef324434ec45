"""What the screen says of somebody who has died or moved away."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from edge.model.life_status import LifeDay
from edge.model.patient import PatientFields
from kiosk_ui import language
from kiosk_ui.wording import N_, ltr, own_words, t

_SAYS = (
    ("deceased", N_("Has died"), N_("Died: %(day)s")),
    ("moved_away", N_("Has moved away"), N_("Moved away: %(day)s")),
)


def life_mark(patient: PatientFields) -> Markup:
    """Return the words of the mark beside a name, empty for who is alive and here."""
    for name, alone, with_day in _SAYS:
        value = getattr(patient, name)
        if value:
            day = _day(LifeDay.parse(value))
            return t(with_day, day=day) if day else t(alone)
    return Markup("")


def _day(marked: LifeDay | None) -> Markup:
    if marked is None or not marked.day:
        return Markup("")
    if len(marked.day) < len("YYYY-MM-DD"):
        return ltr(marked.day)
    return own_words(language.current().date(date.fromisoformat(marked.day)))
