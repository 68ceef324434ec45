"""The note of a visit: complaints, danger signs, what was found and advised, and the outcome.

Each tap is an entry `visit-note` of its own, durable when the function has returned. A correction
is a further entry; what the fields were stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.store import journal
from edge.store.store import Store
from edge.visits import note_patch, pregnancy, visit_words, visits
from edge.visits.note_patch import Patch, State
from edge.visits.visit_fields import BY_NAME, MOST_WEEKS, VisitField, VisitFieldType
from edge.visits.visits import Visit

PRESENT, ABSENT, NOT_ASKED = "present", "absent", "not-asked"
SIGN_STATES = (PRESENT, ABSENT, NOT_ASKED)
"""What may be known of a danger sign."""

_SIGNS, _ASKED = "danger_signs", "questions_asked"


@dataclass(frozen=True, slots=True)
class VisitNote:
    """What is written down of a visit. `day` is its calendar day, `paper`: typed in later."""

    visit_id: str
    patient_id: str
    day: date
    paper: bool
    state: State

    def text(self, name: str) -> str | None:
        """Return the text or word of a field, None when nothing was said."""
        held = self.state.get(name)
        return held if isinstance(held, str) else None

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a list field."""
        held = self.state.get(name)
        return held if isinstance(held, tuple) else ()

    def truth(self, name: str) -> bool | None:
        """Return whether a yes/no field says yes; None when nobody said."""
        return {"yes": True, "no": False}.get(self.text(name) or "")

    def sign(self, word: str) -> bool | None:
        """Return whether a danger sign is present; None when nobody asked about it."""
        if word in visit_words.MORE_SIGNS:
            asked = False if self.truth("triage_asked") else None
            return True if word in self.words("triage_signs") else asked
        if word in self.words(_SIGNS):
            return True
        return False if word in self.words(_ASKED) else None

    @property
    def lmp(self) -> date | None:
        """The first day of the last period."""
        return _date(self.text("lmp"))

    @property
    def gestation_weeks(self) -> int | None:
        """Completed weeks of the pregnancy: from the last period, else as they were said."""
        if self.lmp is not None:
            far = pregnancy.gestation(self.lmp, self.day)
            return far.weeks if far is not None and far.weeks <= MOST_WEEKS else None
        said = self.text("gestation_weeks") or ""
        return int(said) if said.isdecimal() else None


def of_visit(store: Store, visit_id: str) -> VisitNote:
    """Return the note of a visit, empty when nothing is written yet; raises `NotFound`."""
    visit = visits.get(store, visit_id)
    return VisitNote(visit.id, visit.patient_id, visit.day, visit.paper, _state(store, visit))


def write(store: Store, now: Stamp, visit_id: str, patch: Patch, *, actor: str | None) -> VisitNote:
    """Keep what a patch changes and return the note; raises `NotFound`, `InvalidForm`.

    Nothing is written where nothing changes. One durable transaction.
    """
    with store.transaction():
        visit = visits.get(store, visit_id)
        checked = {name: _checked(visit, name, change) for name, change in patch.items()}
        state = _state(store, visit)
        changes = note_patch.changing(state, checked)
        if changes:
            _append(store, now, visit, state, changes, actor)
        visits.touch(store, now, visit)
    return of_visit(store, visit_id)


def say(
    store: Store, now: Stamp, visit_id: str, name: str, value: str, *, actor: str | None
) -> VisitNote:
    """Set one field as typed or tapped (empty: nothing said); of a list field: add the word."""
    field = _field(name)
    change: note_patch.Change = {"add": [value]} if field.is_list else value
    return write(store, now, visit_id, {name: change}, actor=actor)


def say_sign(
    store: Store, now: Stamp, visit_id: str, word: str, known: str, *, actor: str | None
) -> VisitNote:
    """Say what is known of one danger sign (`SIGN_STATES`); raises as `write` does."""
    if known not in SIGN_STATES:
        raise InvalidForm({_SIGNS: "unknown"})
    patch = {
        _SIGNS: {"add" if known == PRESENT else "remove": [word]},
        _ASKED: {"add" if known == ABSENT else "remove": [word]},
    }
    return write(store, now, visit_id, patch, actor=actor)


def say_others_absent(
    store: Store, now: Stamp, visit_id: str, words: Sequence[str], *, actor: str | None
) -> VisitNote:
    """Say of danger signs that they were asked about and are absent, unless something was said."""
    with store.transaction():
        note = of_visit(store, visit_id)
        unsaid = [word for word in words if note.sign(word) is None]
        return write(store, now, visit_id, {_ASKED: {"add": unsaid}}, actor=actor)


def _append(
    store: Store,
    now: Stamp,
    visit: Visit,
    state: State,
    changes: Patch,
    actor: str | None,
) -> None:
    was = {name: change for name, change in note_patch.undoing(state, changes).items() if change}
    body: dict[str, object] = {
        "visit": visit.id,
        "patient": visit.patient_id,
        "day": visit.day.isoformat(),
        "set": dict(changes),
    }
    if was:
        body["was"] = was
    entry = journal.append(store, EntryKind.VISIT_NOTE, now, body, actor=actor)
    after = note_patch.applied(state, changes)
    store.execute(
        "INSERT INTO visit_note (visit_id, entry, patient_id, day, note) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (visit_id) DO UPDATE SET entry = excluded.entry, note = excluded.note",
        (visit.id, entry, visit.patient_id, visit.day.isoformat(), note_patch.to_json(after)),
    )


def _state(store: Store, visit: Visit) -> State:
    row = store.row("SELECT note FROM visit_note WHERE visit_id = ?", (visit.id,))
    return {} if row is None else note_patch.from_json(row["note"])


def _field(name: str) -> VisitField:
    field = BY_NAME.get(name)
    if field is None:
        raise InvalidForm({name: "unknown"})
    return field


def _checked(visit: Visit, name: str, change: note_patch.Change) -> note_patch.Change:
    field = _field(name)
    if isinstance(change, Mapping):
        return _checked_words(field, change)
    if change is not None and field.is_list:
        raise InvalidForm({name: "format"})
    text = (change or "").strip()
    return _checked_text(visit, field, text) if text else None


def _checked_words(field: VisitField, change: Mapping[str, Sequence[str]]) -> note_patch.Change:
    known = field.words or {}
    if not field.is_list or any(word not in known for word in change.get("add", ())):
        raise InvalidForm({field.name: "unknown"})
    return change


def _checked_text(visit: Visit, field: VisitField, text: str) -> str:
    if field.words is not None and text not in field.words:
        raise InvalidForm({field.name: "unknown"})
    if len(text) > field.longest:
        raise InvalidForm({field.name: "too-long"})
    match field.type:
        case VisitFieldType.TRUTH if text not in ("yes", "no"):
            raise InvalidForm({field.name: "unknown"})
        case VisitFieldType.WEEKS if not (text.isdecimal() and 1 <= int(text) <= MOST_WEEKS):
            raise InvalidForm({field.name: "impossible"})
        case VisitFieldType.DATE:
            return _checked_date(visit, field, text)
        case VisitFieldType.TEXT if not text.replace("\n", " ").isprintable():
            raise InvalidForm({field.name: "format"})
    return text


def _checked_date(visit: Visit, field: VisitField, text: str) -> str:
    day = _date(text)
    if day is None:
        raise InvalidForm({field.name: "format"})
    if day > visit.day:
        raise InvalidForm({field.name: "future"})
    return day.isoformat()


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
