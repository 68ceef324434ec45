"""Visits that were moved between two patients, in words for the pages of both."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from edge.patients import register
from edge.visits import moving
from edge.visits.moving import VisitMove
from kiosk_ui import context, note_parts
from kiosk_ui.wording import N_, own_words, t


def notices(patient_ids: Sequence[str]) -> list[tuple[Markup, Markup]]:
    """Return day and sentence of each move to or from the records of one person, newest first."""
    return [
        (
            note_parts.day_text(one.day),
            moved_away(one) if one.from_patient in patient_ids else _here(one),
        )
        for one in moving.of_patient(context.store(), patient_ids)
    ]


def moved_away(moved: VisitMove) -> Markup:
    """Say to whom a visit went that was written down here."""
    name = own_words(register.get(context.store(), moved.to_patient).name)
    return t(N_("A visit was written down here and moved to %(name)s."), name=name)


def moved_here(moved: VisitMove) -> Markup:
    """Say beside a visit for whom it was written down first."""
    name = own_words(register.get(context.store(), moved.from_patient).name)
    return t(N_("It was written down for %(name)s first and moved here."), name=name)


def _here(moved: VisitMove) -> Markup:
    name = own_words(register.get(context.store(), moved.from_patient).name)
    return t(N_("A visit was written down for %(name)s first and moved here."), name=name)
