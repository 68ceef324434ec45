"""Words for referrals: their state, urgency and age, what became known, what the letter says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.referrals.letter import LetterMedicine, LetterReading, LetterRule, Summary
from edge.referrals.referral import Outcome, State, Transport, Urgency
from edge.referrals.referrals import Referral, Step
from edge.rules import rules
from edge.visits.visit_fields import BY_NAME
from kiosk_ui import care_texts, medicine_texts, site_medicines, wording
from kiosk_ui.sentences import issue_texts
from kiosk_ui.texts import ngettext
from kiosk_ui.wording import N_, ltr, own_words, t

URGENCIES = {
    Urgency.EMERGENCY: N_("Emergency: goes now"),
    Urgency.URGENT: N_("Urgent: today"),
    Urgency.SOON: N_("Soon: this week"),
    Urgency.ROUTINE: N_("Routine"),
}
STATES = {
    State.MADE: N_("On the way"),
    State.ARRIVED: N_("Has arrived"),
    State.NOT_ARRIVED: N_("Has not arrived"),
    State.CLOSED: N_("Closed"),
    State.CANCELLED: N_("Cancelled"),
}
TRANSPORTS = {
    Transport.AMBULANCE: N_("Ambulance"),
    Transport.VEHICLE: N_("Own or hired vehicle"),
    Transport.PUBLIC: N_("Bus or other public transport"),
    Transport.WALKING: N_("On foot"),
    Transport.UNKNOWN: N_("Not known yet"),
}
OUTCOMES = {
    Outcome.TREATED: N_("Treated and back"),
    Outcome.ADMITTED: N_("Stays in hospital"),
    Outcome.REFERRED_ON: N_("Referred on"),
    Outcome.REFUSED: N_("Did not want to go"),
    Outcome.NOT_NEEDED: N_("Was not needed"),
    Outcome.LOST: N_("Nobody knows"),
    Outcome.DIED: N_("Died"),
}
_ARRIVED = {
    "yes": N_("The patient has arrived."),
    "no": N_("The patient has not arrived."),
}
_SOURCES = {"device": N_("measured by a device"), "typed": N_("typed in")}
_MEDICINES = {
    "given": N_("Given"),
    "advised": N_("Advised"),
    "stopped": N_("Stopped"),
}
_LEVELS = {
    "none": N_("Nothing dangerous"),
    "routine": N_("Routine"),
    "soon": N_("Look again"),
    "urgent": N_("Danger"),
    "emergency": N_("Danger"),
}
_ALLERGIES = {
    "none": N_("No known allergies"),
    "not-asked": N_("Allergies: never asked"),
}


@dataclass(frozen=True, slots=True)
class ReferralText:
    """A referral, worded: `tone` is "urgent", "doubt" or "" for the colour of its card."""

    id: str
    tone: str
    urgency: Markup
    state: Markup
    open_for: Markup | None
    overdue: bool
    reason: str
    to: str
    telephone: str
    transport: Markup
    made: Markup
    outcome: Markup | None
    answered: Markup | None


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A line of a letter: what it is, and its text."""

    label: Markup
    text: Markup


def worded(referral: Referral, now: Stamp) -> ReferralText:
    """Word a referral for a list or its page."""
    overdue, pressing = referral.is_overdue(now), referral.urgency in ("emergency", "urgent")
    tone = ("urgent" if pressing else "doubt" if overdue else "") if referral.is_open else ""
    answer = referral.answer
    return ReferralText(
        id=referral.id,
        tone=tone,
        urgency=_word(URGENCIES, referral.urgency),
        state=_word(STATES, referral.state),
        open_for=open_for(referral.days(now)) if referral.is_open else None,
        overdue=overdue,
        reason=referral.reason,
        to=referral.to,
        telephone=referral.telephone,
        transport=_word(TRANSPORTS, referral.transport),
        made=wording.moment_text(referral.placed.when),
        outcome=outcome(referral.outcome) if referral.outcome else None,
        answered=None if answer is None else _said_by(answer.message.by, answer.message.at_ms),
    )


def open_for(days: int) -> Markup:
    """Return for how long a referral has been open."""
    if days == 0:
        return t(N_("open since today"))
    return Markup(ngettext("open for %(n)s day", "open for %(n)s days", days, n=ltr(days)))


def outcome(word: str) -> Markup:
    """Return an outcome in words."""
    return _word(OUTCOMES, word)


def arrived(word: str) -> Markup | None:
    """Return what the hospital says of the arrival, None when it says nothing."""
    return t(_ARRIVED[word]) if word in _ARRIVED else None


def step(one: Step, names: Mapping[str, str]) -> Markup:
    """Return one thing that became known: what, why, by whom and when."""
    what = _word(STATES, one.state)
    if one.outcome:
        what = Markup("{}: {}").format(what, outcome(one.outcome))
    if one.why:
        what = Markup("{}. {}").format(what, own_words(one.why))
    by = own_words(names.get(one.actor or "", ""))
    return Markup("{} · {} · {}").format(what, wording.moment_text(one.placed.when), by)


def about(summary: Summary) -> Markup:
    """Return age and sex as they were when the letter was written."""
    patient, day = summary.patient(), _day(summary.texts.get("age_on", ""))
    sex = wording.sex_name(patient.sex)
    if day is None:
        return sex
    return Markup("{} · {}").format(sex, wording.age(patient, day))


def lines(summary: Summary) -> list[LetterLine]:
    """Return what the visit's note, the allergies and the rest of the letter say, in order."""
    found = [
        LetterLine(t(BY_NAME[name].label), _note_text(name, said))
        for name, said in summary.note().items()
    ]
    found += [LetterLine(_word(_MEDICINES, one.state), _medicine(one)) for one in summary.medicines]
    texts, lists = summary.texts, summary.lists
    rest = (
        (N_("Takes already"), own_words(texts.get("taken", ""))),
        (N_("Conditions"), _listed(lists.get("conditions", ()))),
        (N_("Programmes"), _programmes(lists.get("programmes", ()))),
    )
    return found + [LetterLine(t(label), text) for label, text in rest if _has_text(text)]


def allergies(summary: Summary) -> Markup:
    """Return the allergies: listed, none known, or never asked."""
    listed = summary.lists.get("allergies", ())
    if listed:
        return t(N_("Allergies: %(what)s"), what=_listed(listed))
    return t(_ALLERGIES.get(summary.texts.get("allergies", ""), _ALLERGIES["not-asked"]))


def value(row: LetterReading) -> LetterLine:
    """Return one value with where it comes from, when, and what is doubtful about it."""
    parts = [_number(row), *_origin(row)]
    text = Markup(" · ").join(parts)
    return LetterLine(wording.vital_name(row.code), text)


def rule(row: LetterRule) -> LetterLine:
    """Return what a rule said: how urgent, its version, and that it is a draft."""
    parts = [_word(_LEVELS, row.level)]
    if row.version:
        parts.append(t(N_("version %(number)s"), number=ltr(row.version)))
    if row.draft == "yes":
        parts.append(t(N_("draft, not yet signed by a clinician")))
    table = rules().get(row.rule)
    name = ltr(row.rule) if table is None else t(table.title)
    return LetterLine(name, Markup(" · ").join(parts))


def _number(row: LetterReading) -> Markup:
    if row.word:
        return wording.coded_text(row.word)
    return wording.quantity(f"{row.comparator}{row.number}", row.unit)


def _origin(row: LetterReading) -> list[Markup]:
    found = [own_words(row.model)] if row.model else []
    if row.source and not row.model:
        found.append(_word(_SOURCES, row.source))
    if row.at.isdecimal() and len(row.at) < 15:
        found.append(wording.moment_text(datetime.fromtimestamp(int(row.at) / 1000, UTC)))
    if row.sure == "no":
        found.append(t(N_("time not certain")))
    found += issue_texts.quality_words(tuple(row.doubts.split()))
    if row.method:
        found.append(t(N_("mean of several")))
    return found


def _note_text(name: str, said: str | tuple[str, ...]) -> Markup:
    words = BY_NAME[name].words or {}
    if isinstance(said, tuple):
        return Markup(" · ").join(t(words[one].label) for one in said if one in words)
    if said in words:
        return t(words[said].label)
    return {"yes": t(N_("yes")), "no": t(N_("no"))}.get(said, own_words(said))


def _medicine(one: LetterMedicine) -> Markup:
    row = site_medicines.listed()[0].get(one.medicine)
    name = own_words(one.medicine) if row is None else medicine_texts.listed_text(row.label)
    dose = ltr(f"{one.dose} {one.unit}".strip()) if one.dose else Markup("")
    return Markup("{} {}").format(name, dose)


def _programmes(words: tuple[str, ...]) -> Markup:
    known = care_texts.in_use()
    return Markup(" · ").join(care_texts.programme_title(word, known) for word in words)


def _listed(words: tuple[str, ...]) -> Markup:
    return Markup(" · ").join(own_words(word) for word in words)


def _has_text(text: Markup) -> bool:
    return bool(text.striptags().strip())


def _said_by(name: str, at_ms: int) -> Markup:
    when = wording.moment_text(datetime.fromtimestamp(at_ms / 1000, UTC))
    return t(N_("%(name)s, %(when)s"), name=own_words(name), when=when)


def _word(words: Mapping[Any, str], word: str) -> Markup:
    table = {str(key): text for key, text in words.items()}
    return t(table[word]) if word in table else own_words(word)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
