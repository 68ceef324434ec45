"""A visit's note and its medicines in English words, for the desk."""

from __future__ import annotations

from datetime import date

from edge.medicines import site_list
from edge.visits import pregnancy
from edge.visits.complaints import CODES
from edge.visits.note_patch import State
from edge.visits.visit_fields import BY_NAME, VISIT_FIELDS, VisitField
from hospital.views.visit_chart import ChartedMedicine

_STATES = {"given": "Given", "advised": "Advised", "stopped": "Stopped"}


def word(name: str, said: str) -> str:
    """Return a word of a field by its label; one that only a newer release knows as it is."""
    field = BY_NAME.get(name)
    row = (field.words or {}).get(said) if field is not None else None
    return said if row is None else row.label


def lines(state: State) -> list[tuple[str, str]]:
    """Return each field that says something: its label and its text."""
    said = [(field, state[field.name]) for field in VISIT_FIELDS if field.name in state]
    found = [(field.label, _text(field, held)) for field, held in said]
    unknown = sorted(name for name in state if name not in BY_NAME)
    return found + [(name, str(state[name])) for name in unknown] + _expected(state)


def medicine_name(said: str) -> str:
    """Return what a medicine of the packaged list is called; one of a site's own as it is."""
    row = site_list.shipped().get(said)
    return said if row is None else row.label


def medicine(given: ChartedMedicine) -> str:
    """Return what was given, in one line."""
    dose = f"{given.dose} {given.unit or ''}".strip() if given.dose else ""
    pieces = f"{given.quantity} handed out" if given.quantity else ""
    batch = f"batch {given.batch}" if given.batch else ""
    state = _STATES.get(given.state, given.state)
    what = f"{state}: {medicine_name(given.medicine)}"
    return ", ".join(part for part in (what, dose, pieces, batch) if part)


def _text(field: VisitField, held: str | tuple[str, ...]) -> str:
    words = held if isinstance(held, tuple) else (held,)
    return ", ".join(word(field.name, said) + _coded(field, said) for said in words)


def _coded(field: VisitField, said: str) -> str:
    codes = CODES.get(said, ()) if field.name == "complaints" else ()
    return f" ({', '.join(codes)})" if codes else ""


def _expected(state: State) -> list[tuple[str, str]]:
    if state.get("pregnant") != "yes":
        return []
    try:
        lmp = date.fromisoformat(str(state.get("lmp", "")))
        return [("Birth expected", pregnancy.expected_birth(lmp).isoformat())]
    except (ValueError, OverflowError):
        return []
