"""A danger in words: what was found, by which rule, how far its alert is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from edge.assessments import judging, verdict
from edge.assessments.alerts import SIGNS
from edge.dangers import checklists
from edge.dangers.dangers import Danger, OpenAlert, StepDone
from edge.model.clock import Stamp
from edge.readings import alert_delivery, history
from edge.readings.alert_delivery import DeliveryState
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.store import outbox
from edge.store.store import Store
from edge.visits import notes, visits
from edge.visits.visit_words import DANGER_SIGNS
from kiosk_ui.reading_lines import lines
from kiosk_ui.wording import N_, count, ltr, own_words, plain, quantity, since, t, vital_name


@dataclass(frozen=True, slots=True)
class Found:
    """What one alert says: the value as it was measured, when, and the rule that spoke.

    `say` is the rule's sentence for staff. Danger signs stand in place of a value.
    """

    what: Markup
    value: Markup
    at: Markup
    rule: Markup
    is_draft: bool
    say: Markup | None = None


@dataclass(frozen=True, slots=True)
class DeliveryText:
    """How far an alert is on its way: `tone` is "amber" until a person there has seen it."""

    tone: str
    title: Markup
    more: Markup
    call: Markup | None


@dataclass(frozen=True, slots=True)
class StepText:
    """One step of the checklist; `told` says who did it and when, None: not done."""

    word: str
    text: Markup
    more: Markup
    told: Markup | None


def found(store: Store, alert: OpenAlert, now: Stamp) -> Found:
    """Word an alert."""
    reading = None if alert.reading is None else history.one(store, alert.reading)
    rule = judging.tables(store).get(alert.rule)
    first = lines(reading.values)[0] if reading is not None and reading.values else None
    judged = alert.value
    is_pressure = first is not None and judged is not None and "/" in first.text
    if judged is not None and judged.code == SIGNS:
        what, value = t(N_("Danger signs")), _signs(store, alert)
    elif first is not None and (judged is None or is_pressure):
        what, value = first.name, first.text
    elif judged is not None:
        what = vital_name(judged.code)
        value = quantity(f"{judged.comparator}{plain(judged.value)}", judged.unit)
    else:
        what, value = ltr(alert.parameter), Markup("")
    return Found(
        what,
        value,
        since(alert.placed.when, now),
        t(rule.title) if rule else ltr(alert.rule),
        is_draft=rule is None or rule.is_draft,
        say=_response(store, alert, now),
    )


def _response(store: Store, alert: OpenAlert, now: Stamp) -> Markup | None:
    """Return the sentence of the rule that raised an alert in a visit."""
    if alert.visit_id is None:
        return None
    lines_of = verdict.of_visit(store, visits.get(store, alert.visit_id), now).lines
    said = next((one for one in lines_of if one.assessment.rule == alert.rule), None)
    return None if said is None else t(said.sentence)


def _signs(store: Store, alert: OpenAlert) -> Markup:
    """Return the danger signs that were said in the visit."""
    words = notes.of_visit(store, alert.visit_id).words("danger_signs") if alert.visit_id else ()
    return Markup(", ").join(t(DANGER_SIGNS[word].label) for word in words if word in DANGER_SIGNS)


def delivery(store: Store, alert: OpenAlert, settings: Settings, now: Stamp) -> DeliveryText:
    """Say how far the alert is, from the hospital's receipts and its feed, and nothing else."""
    held = alert_delivery.of(store, alert.entry, now, settings.danger_phone)
    call = t(N_("Telephone: %(number)s"), number=ltr(held.telephone)) if held.telephone else None
    who, minutes = own_words(held.who), count(held.minutes)
    match held.state:
        case DeliveryState.WAITING:
            is_up = outbox.ledger(store).link == "up"
            more = t(N_("It is being sent.")) if is_up else t(_NO_LINK)
            call = call or t(N_("Telephone the hospital."))
            return DeliveryText("amber", t(N_("Alert not delivered yet")), more, call)
        case DeliveryState.RECEIVED:
            more = t(N_("Nobody there has said yet that they saw it."))
            if held.who:
                more = t(N_("%(name)s is asked and has not answered yet."), name=who)
            return DeliveryText("amber", _since(_RECEIVED, held.since_ms, now), more, call)
        case DeliveryState.PASSED_ON:
            more = t(N_("Nobody answered for %(minutes)s minutes."), minutes=minutes)
            title = t(N_("Passed on to %(name)s"), name=who) if held.who else t(_PASSED_ON)
            return DeliveryText("amber", title, more, call)
        case DeliveryState.SEEN:
            title, more = t(N_("Seen by %(name)s"), name=who), _since(_AT, held.since_ms, now)
            return DeliveryText("good", title, more, call)
        case _:
            title, more = t(N_("Handled by %(name)s"), name=who), _since(_AT, held.since_ms, now)
            return DeliveryText("good", title, more, call)


def _since(text: str, since_ms: int | None, now: Stamp) -> Markup:
    """Return a sentence with a time, empty when the time is not known."""
    if since_ms is None:
        return Markup("")
    return t(text, time=since(datetime.fromtimestamp(since_ms / 1000, UTC), now))


_RECEIVED = N_("The hospital has the alert since %(time)s")
_AT = N_("at %(time)s")
_NO_LINK = N_("There is no connection. It is tried again and again.")
_PASSED_ON = N_("The next person is asked")


def steps(store: Store, danger: Danger, now: Stamp) -> list[StepText]:
    """Return the checklist of a danger, with what was done."""
    names = {person.id: person.name for person in staff.members(store)}
    done = {step.word: step for step in danger.done}
    listed = checklists.checklist_for(danger.worst.rule, danger.worst.parameter)
    return [
        StepText(
            step.word,
            t(step.text),
            t(step.more),
            _told(done[step.word], names, now) if step.word in done else None,
        )
        for step in listed.steps
    ]


def _told(done: StepDone, names: Mapping[str, str], now: Stamp) -> Markup:
    name, at = names.get(done.actor or ""), since(done.placed.when, now)
    return Markup("{} · {}").format(own_words(name), at) if name else at
