"""Medicines given in a visit: chosen from the site's list, dosed by weight, stopped when unsafe."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.medicines import doses, given, patient_facts, stops
from edge.medicines.doses import Dose, NoDose
from edge.medicines.given import GivenMedicine
from edge.medicines.site_list import Medicine
from edge.model.errors import InvalidForm
from edge.staff.drafts import Draft
from edge.store import taken_back
from edge.visits import notes, visits
from edge.visits.visits import Visit
from kiosk_ui import (
    context,
    form_drafts,
    medicine_texts,
    site_medicines,
    stock_texts,
    typed_numbers,
)
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.pages import visit_notes
from kiosk_ui.wording import N_, plain, t

page = Blueprint("visit_medicines", __name__)

PART = "medicines"
_FIELDS = ("state", "dose", "unit", "quantity", "batch", "overruled")
_WRONG = {
    "required": N_("Write why it is given all the same."),
    "too-long": N_("This is too long."),
    "impossible": N_("This is not a number. Use digits and one decimal point."),
    "too-much": N_("This is more than the list allows at a time."),
    "above-dose": N_("This is more than the list says for this patient. Write why."),
}
_ANY = N_("This cannot be read. Check it.")


@page.get("/visits/<visit_id>/medicines")
@staff_only
def show(visit_id: str) -> str:
    """Show what was given in the visit, and what can be given."""
    visit = visits.get(context.store(), visit_id)
    listed, trouble = site_medicines.listed()
    body = render_template(
        "note_medicines.html",
        visit=visit,
        rows=[medicine_texts.line(m, listed) for m in given.of_visit(context.store(), visit_id)],
        listed=list(listed.values()),
        left={word: stock_texts.mark(shelf) for word, shelf in stock_texts.shelves().items()},
        trouble=trouble,
    )
    return _page(visit, body)


@page.get("/visits/<visit_id>/medicines/<word>")
@staff_only
def ask(visit_id: str, word: str) -> str:
    """Show the dose for this patient, or the stop; ask how many pieces and which batch."""
    visit, medicine = visits.get(context.store(), visit_id), _medicine(word)
    return _form(visit, medicine, form_drafts.stored(_form_of(visit)), {})


def _typed(visit_id: str, word: str) -> Draft:
    visit = visits.get(context.store(), visit_id)
    fields = {name: request.form.get(name, "")[:250] for name in _FIELDS}
    return Draft(_form_of(visit), url_for(".ask", visit_id=visit_id, word=word), fields)


@page.post("/visits/<visit_id>/medicines/<word>")
@staff_form(_typed)
def keep(visit_id: str, word: str) -> ResponseReturnValue:
    """Record the medicine; what speaks against it needs a reason, which is kept."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    visit, medicine = visits.get(store, visit_id), _medicine(word)
    typed = _typed(visit_id, word).fields
    facts = patient_facts.of_visit(store, now, visit_id)
    against = stops.against(medicine, facts.known, site_medicines.listed()[0])
    try:
        chosen = _given(medicine, typed, doses.of(medicine, facts.weight_kg, facts.known.age_days))
        if against and chosen.state != given.STOPPED and not chosen.overruled:
            raise InvalidForm({"overruled": "required"})
        given.record(store, now, visit_id, chosen, actor=actor)
    except InvalidForm as error:
        problems = {name: t(_WRONG.get(kind, _ANY)) for name, kind in error.fields.items()}
        return _form(visit, medicine, typed, problems), 422
    form_drafts.forget(_form_of(visit))
    return redirect(url_for(".show", visit_id=visit_id), 303)


@page.post("/visits/<visit_id>/medicines/taken-back/<int:entry>")
@staff_only
def take_back(visit_id: str, entry: int) -> ResponseReturnValue:
    """Say that a medicine was recorded by mistake; it stays, marked."""
    store = context.store()
    if entry not in [one.entry for one in given.of_visit(store, visit_id)]:
        abort(404)
    why, actor = request.form.get("why", "")[:200], context.worker().staff.id
    taken_back.take_back(store, context.now(), entry, why, actor=actor)
    return redirect(url_for(".show", visit_id=visit_id), 303)


def _given(medicine: Medicine, typed: dict[str, str], listed: Dose | NoDose) -> GivenMedicine:
    dose, quantity = _number(typed, "dose"), _number(typed, "quantity")
    unit = typed["unit"].strip()
    most = doses.most(medicine, unit)
    if dose is not None and most is not None and dose > most:
        raise InvalidForm({"dose": "too-much"})
    if isinstance(listed, Dose):
        unit = listed.unit
        if dose is not None and dose > listed.most and not typed["overruled"].strip():
            raise InvalidForm({"overruled": "above-dose"})
    return GivenMedicine(
        medicine=medicine.word,
        state=typed["state"] or given.GIVEN,
        dose=dose,
        unit=unit,
        quantity=quantity,
        batch=typed["batch"].strip(),
        overruled=typed["overruled"].strip(),
    )


def _number(typed: dict[str, str], name: str) -> Decimal | None:
    text = typed[name].strip()
    if not text:
        return None
    number = typed_numbers.number(text)
    if number is None or number <= 0:
        raise InvalidForm({name: "impossible"})
    return number


def _form(
    visit: Visit, medicine: Medicine, typed: dict[str, str], problems: dict[str, Markup]
) -> str:
    store, now = context.store(), context.now()
    facts = patient_facts.of_visit(store, now, visit.id)
    dose = doses.of(medicine, facts.weight_kg, facts.known.age_days)
    against = stops.against(medicine, facts.known, site_medicines.listed()[0])
    body = render_template(
        "note_medicine.html",
        visit=visit,
        medicine=medicine,
        left=stock_texts.mark(stock_texts.shelves().get(medicine.word)),
        dose=dose if isinstance(dose, Dose) else None,
        amount=medicine_texts.dose_text(plain(dose.amount), dose.unit)
        if isinstance(dose, Dose)
        else None,
        no_dose=medicine_texts.no_dose(dose.why) if isinstance(dose, NoDose) else None,
        weight=facts.weight_kg,
        stops=[medicine_texts.stop(one) for one in against],
        typed=typed or _usual(dose),
        problems=problems,
    )
    return _page(visit, body)


def _usual(dose: Dose | NoDose) -> dict[str, str]:
    return {"dose": plain(dose.amount), "unit": dose.unit} if isinstance(dose, Dose) else {}


def _medicine(word: str) -> Medicine:
    return site_medicines.listed()[0].get(word) or abort(404)


def _page(visit: Visit, body: str) -> str:
    return visit_notes.page_of(notes.of_visit(context.store(), visit.id), PART, Markup(body))


def _form_of(visit: Visit) -> str:
    return f"medicine/{visit.patient_id}"
