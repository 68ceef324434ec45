"""The parts of a visit's note as the kiosk shows them: chips that are pressed, texts, dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from edge.visits import complaints, pregnancy, visit_words
from edge.visits.notes import VisitNote
from edge.visits.visit_fields import BY_NAME, VisitField, VisitFieldType
from edge.visits.visit_words import VisitWord
from kiosk_ui import language
from kiosk_ui.wording import N_, ltr, own_words, t


@dataclass(frozen=True, slots=True)
class Chip:
    """One word that can be said by a tap; `pressed` when it is said."""

    word: str
    label: Markup
    pressed: bool


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """Chips of one field that stand together; `is_list`: several may be pressed."""

    name: str
    title: Markup
    chips: tuple[Chip, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class SignRow:
    """One danger sign and what is known of it: "present", "absent" or "not-asked"."""

    word: str
    label: Markup
    known: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One field that says something: its name and its text; `urgent` for danger signs."""

    name: Markup
    text: Markup
    urgent: bool = False


PARTS: Mapping[str, str] = {
    "complaints": N_("Reason, complaints"),
    "danger": N_("Danger signs"),
    "triage": N_("Triage signs"),
    "pregnancy": N_("Pregnancy"),
    "tests": N_("Tests by eye"),
    "found": N_("Found, advised"),
    "medicines": N_("Medicines"),
    "outcome": N_("Outcome"),
}
"""The parts in the order of a visit; each is a page of its own."""

_TRUTH = (("yes", N_("Yes")), ("no", N_("No")))
_YOUNG_BABY = frozenset({"not_feeding_well", "moves_only_when_touched"})
_OF_PREGNANCY = frozenset({"baby_moves_less", "waters_broken"})


def chips(note: VisitNote, name: str) -> ChipGroup:
    """Return the chips of a field: its closed list, or yes and no."""
    field = BY_NAME[name]
    return ChipGroup(name, t(field.label), tuple(_chips(note, field)), field.is_list)


def complaint_groups(note: VisitNote) -> list[ChipGroup]:
    """Return the complaints in their groups."""
    said = note.words("complaints")
    return [
        ChipGroup(
            "complaints",
            t(group.label),
            tuple(Chip(row.word, t(row.label), row.word in said) for row in group.complaints),
            is_list=True,
        )
        for group in complaints.GROUPS
    ]


def signs(note: VisitNote, *, infant: bool, pregnant: bool) -> list[SignRow]:
    """Return the danger signs that fit: a young baby's and a pregnancy's only there, or when said.

    `infant`: under two months old or of an age that is not known.
    """
    hidden = (frozenset() if infant else _YOUNG_BABY) | (frozenset() if pregnant else _OF_PREGNANCY)
    return [
        SignRow(row.word, t(row.label), _KNOWN[note.sign(row.word)])
        for row in visit_words.DANGER_SIGNS.values()
        if row.word not in hidden or note.sign(row.word) is not None
    ]


def triage_groups(note: VisitNote, *, child: bool, infant: bool) -> list[ChipGroup]:
    """Return the signs of triage in their groups; those that were said are always there."""
    said = note.words("triage_signs")
    offered = (
        (N_("Triage signs"), visit_words.TRIAGE_SIGNS, True),
        (N_("Signs of a child below twelve"), visit_words.CHILD_SIGNS, child),
        (N_("Signs of a baby below two months"), visit_words.INFANT_SIGNS, infant),
    )
    return [
        ChipGroup("triage_signs", t(title), chips, is_list=True)
        for title, words, fits in offered
        if (chips := _sign_chips(words, said, fits))
    ]


def _sign_chips(
    words: Mapping[str, VisitWord], said: tuple[str, ...], fits: bool
) -> tuple[Chip, ...]:
    rows = [row for row in words.values() if fits or row.word in said]
    return tuple(Chip(row.word, _capital(t(row.label)), row.word in said) for row in rows)


def _capital(text: Markup) -> Markup:
    """Begin with a capital letter, where the script has one: the labels of facts have none."""
    return text[:1].upper() + text[1:]


_KNOWN = {True: "present", False: "absent", None: "not-asked"}


def lines(note: VisitNote) -> list[NoteLine]:
    """Return what the note says, a line for each field, danger signs first."""
    fields = sorted(BY_NAME.values(), key=lambda field: field.name != "danger_signs")
    found = [
        NoteLine(t(field.label), _text(field, note.state[field.name]), field.name == "danger_signs")
        for field in fields
        if field.name in note.state
    ]
    return found + pregnancy_lines(note)


def field_text(note: VisitNote, name: str) -> Markup | None:
    """Return what a field says, None when it says nothing."""
    return _text(BY_NAME[name], note.state[name]) if name in note.state else None


def pregnancy_lines(note: VisitNote) -> list[NoteLine]:
    """Return the weeks and the expected day, as far as the last period tells them."""
    if note.lmp is None or note.truth("pregnant") is False or note.gestation_weeks is None:
        return []
    far = pregnancy.gestation(note.lmp, note.day)
    assert far is not None
    weeks = t(N_("%(weeks)s weeks"), weeks=ltr(f"{far.weeks}+{far.days}"))
    expected = day_text(pregnancy.expected_birth(note.lmp))
    return [
        NoteLine(t(N_("How far the pregnancy is")), weeks),
        NoteLine(t(N_("Birth expected")), expected),
    ]


def day_text(day: date) -> Markup:
    """Return a day in the reader's words."""
    return own_words(language.current().date(day))


def word_text(name: str, word: str) -> Markup:
    """Return a word of a field by its label; one of a newer release as it is."""
    row = (BY_NAME[name].words or {}).get(word)
    return own_words(word) if row is None else t(row.label)


def _chips(note: VisitNote, field: VisitField) -> Iterable[Chip]:
    said = note.words(field.name) if field.is_list else (note.text(field.name),)
    if field.type is VisitFieldType.TRUTH:
        return [Chip(word, t(label), word in said) for word, label in _TRUTH]
    rows: Iterable[VisitWord] = (field.words or {}).values()
    return [Chip(row.word, t(row.label), row.word in said) for row in rows]


def _text(field: VisitField, held: str | tuple[str, ...]) -> Markup:
    if field.type is VisitFieldType.TRUTH:
        return t(dict(_TRUTH).get(str(held), str(held)))
    if field.type is VisitFieldType.DATE:
        return day_text(date.fromisoformat(str(held)))
    if field.type is VisitFieldType.WEEKS:
        return ltr(held)
    if field.words is None:
        return own_words(held)
    words = held if isinstance(held, tuple) else (held,)
    return Markup(" · ").join(word_text(field.name, word) for word in words)
