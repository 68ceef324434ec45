"""What stands in a part of a visit, in few words, for the visit's own page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup

from edge.medicines import given as medicines
from edge.model.reading import Kind
from edge.readings import history
from edge.visits import notes
from edge.visits.visits import Visit
from kiosk_ui import context, medicine_texts, note_parts, site_medicines
from kiosk_ui.reading_lines import lines as reading_lines
from kiosk_ui.wording import N_, t

FIELDS: Mapping[str, tuple[str, ...]] = {
    "complaints": ("reason", "complaints", "complaint", "onset"),
    "danger": ("danger_signs", "acvpu", "oxygen", "oedema"),
    "triage": ("triage_signs",),
    "pregnancy": ("pregnant", "lmp", "gestation_weeks", "postpartum"),
    "found": ("found", "advised"),
    "outcome": ("outcome",),
}
"""The fields of the note that each part tells of; tests and medicines have none."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a visit: its page, its name and what stands in it; `urgent`: a danger sign."""

    href: str
    title: Markup
    said: list[Markup]
    urgent: bool


def part_line(visit: Visit, part: str) -> PartLine:
    """Return what a part of a visit says, for the link that leads to its page."""
    note = notes.of_visit(context.store(), visit.id)
    urgent = part == "danger" and bool(note.words("danger_signs"))
    said = _SAID[part](visit) if part in _SAID else []
    said += [text for name in FIELDS.get(part, ()) if (text := note_parts.field_text(note, name))]
    if part == "danger" and not urgent and note.words("questions_asked"):
        said = [t(N_("Asked: none of them")), *said]
    if part == "pregnancy":
        said += [line.text for line in note_parts.pregnancy_lines(note)]
    href = url_for("visit_notes.show", visit_id=visit.id, part=part)
    return PartLine(href, t(note_parts.PARTS[part]), said, urgent)


def _tests(visit: Visit) -> list[Markup]:
    readings = history.of_visit(context.store(), visit.id)
    made = [r for r in readings if r.kind == Kind.TEST and not r.struck]
    return [
        Markup("{} {}").format(line.name, line.text)
        for reading in made
        for line in reading_lines(reading.values, reading.coded)
    ]


def _medicines(visit: Visit) -> list[Markup]:
    given = medicines.of_visit(context.store(), visit.id)
    listed = site_medicines.listed()[0]
    return [medicine_texts.line(one, listed).text for one in given if not one.taken_back]


_SAID = {"tests": _tests, "medicines": _medicines}
