"""The facts that somebody said in a visit's note: danger signs, consciousness, pregnancy, oxygen.

What was not asked is no fact; a sign that was asked about and is absent is "no". What was said of a
pregnancy at an earlier visit holds as long as the pregnancy can last, and smoking until somebody
says otherwise; everything else holds for its own visit alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from edge.assessments.cause import Cause
from edge.store.store import Row, Store
from edge.visits import note_patch, notes, visit_words
from edge.visits.notes import VisitNote
from edge.visits.visit_fields import MOST_WEEKS

SIGN_FACTS: Final = (*visit_words.DANGER_SIGNS, *visit_words.MORE_SIGNS)
"""The danger signs and those of triage; each is a fact of its own name."""

DANGER_SYMPTOMS: Final = (
    *("chest_pain", "breathless", "weakness_one_side", "vision", "severe_headache"),
)
"""The danger signs of which any makes a very high pressure an emergency (ISH 2020)."""

NAMES: Final = frozenset(
    {"consciousness", "altered_mentation", "o2", "spo2_scale", "scale2_authorised_by", "position"}
    | {"pregnant", "gest_weeks", "postpartum", "pregnant_or_postpartum", "smoker"}
    | {"bilateral_oedema", "temp_site", "glucose_kind", "danger_symptoms", *SIGN_FACTS}
)
"""The facts that a note may change."""

WITHOUT_WEEKS_DAYS = 30
"""So long somebody counts as pregnant of whom nobody said how far; the project's own choice."""

POSTPARTUM_DAYS = 42
"""Six weeks after the birth (WHO recommendations on postnatal care, 2022)."""

EARLIER = 20
"""So many of the last notes of a person are looked through."""


def of(store: Store, patient_ids: Sequence[str], cause: Cause) -> dict[str, object]:
    """Return what was said of a patient in the visit of a cause, and before it of a pregnancy."""
    earlier = _earlier(store, patient_ids, cause)
    facts = _lasting(earlier, cause.day)
    if cause.visit_id is not None:
        facts |= _of_visit(notes.of_visit(store, cause.visit_id))
    return facts | _either(facts)


def _of_visit(note: VisitNote) -> dict[str, object]:
    acvpu = note.text("acvpu")
    scale2 = note.truth("scale2")
    said: dict[str, object] = {
        "consciousness": acvpu,
        "altered_mentation": None if acvpu is None else acvpu != "A",
        "o2": note.truth("oxygen"),
        "pregnant": note.truth("pregnant"),
        "postpartum": note.truth("postpartum"),
        "smoker": note.truth("smoker"),
        "bilateral_oedema": note.truth("oedema"),
        "position": note.text("position"),
        "temp_site": note.text("temp_site"),
        "glucose_kind": note.text("meal"),
        "danger_symptoms": _any(note, DANGER_SYMPTOMS),
        "gest_weeks": note.gestation_weeks,
    }
    facts = {name: fact for name, fact in said.items() if fact is not None}
    if scale2:
        facts |= {"spo2_scale": 2, "scale2_authorised_by": note.text("scale2_by")}
    signs = {word: known for word in SIGN_FACTS if (known := note.sign(word)) is not None}
    return facts | signs


def _any(note: VisitNote, words: Sequence[str]) -> bool | None:
    """Return whether any of these signs is present; None while one was not asked and none is."""
    known = [note.sign(word) for word in words]
    if True in known:
        return True
    return None if None in known else False


def _earlier(store: Store, patient_ids: Sequence[str], cause: Cause) -> list[VisitNote]:
    """Return the notes of a person up to a day, the newest first."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        f"SELECT * FROM visit_note WHERE patient_id IN ({marks}) AND day <= ?"
        " ORDER BY day DESC, entry DESC LIMIT ?",
        (*patient_ids, cause.day.isoformat(), EARLIER),
    )
    return [_note(row) for row in rows]


def _note(row: Row) -> VisitNote:
    state = note_patch.from_json(row["note"])
    day = date.fromisoformat(row["day"])
    return VisitNote(row["visit_id"], row["patient_id"], day, False, state)


def _lasting(earlier: Sequence[VisitNote], day: date) -> dict[str, object]:
    facts: dict[str, object] = {}
    for note in earlier:
        if note.truth("smoker") is not None:
            facts.setdefault("smoker", note.truth("smoker"))
        if note.truth("postpartum") and day - note.day <= timedelta(days=POSTPARTUM_DAYS):
            facts.setdefault("postpartum", True)
        if "pregnant" not in facts and note.truth("pregnant") is not None:
            facts |= _pregnancy(note, day)
    return facts


def _pregnancy(note: VisitNote, day: date) -> dict[str, object]:
    """Return what an earlier word about a pregnancy still says; "no" holds for its own day."""
    since = (day - note.day).days
    if not note.truth("pregnant"):
        return {"pregnant": False} if since == 0 else {}
    if note.gestation_weeks is None:
        return {"pregnant": True} if since <= WITHOUT_WEEKS_DAYS else {}
    if note.lmp is not None:
        weeks = (day - note.lmp).days // 7
    else:
        weeks = note.gestation_weeks + since // 7
    return {"pregnant": True, "gest_weeks": weeks} if weeks <= MOST_WEEKS else {}


def _either(facts: dict[str, object]) -> dict[str, object]:
    states = (facts.get("pregnant"), facts.get("postpartum"))
    if True in states:
        return {"pregnant_or_postpartum": True}
    return {"pregnant_or_postpartum": False} if states == (False, False) else {}
