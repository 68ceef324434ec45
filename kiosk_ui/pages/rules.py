"""The clinical rules of this box: each table as it judges, its source and who signed it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from edge.assessments import judging, rule_text, verdict
from edge.patients import register
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.pages import say_fact
from kiosk_ui.wording import N_

page = Blueprint("rules", __name__)

COMBINED = {
    "sum": N_("the sum of"),
    "max": N_("the worst of"),
    "any": N_("whether any of"),
    "count": N_("how many of"),
}
"""How a rule combines values, by its word in the table."""


@page.get("/rules")
@staff_only
def show() -> str:
    """Show the rules."""
    tables = sorted(judging.tables(context.store()).values(), key=lambda rule: rule.title)
    return render_template("rules.html", rules=tables)


@page.get("/rules/<rule_id>")
@staff_only
def one(rule_id: str) -> str:
    """Show one rule: whom it is for, its tables, what is to be done, where it comes from."""
    rule = judging.tables(context.store()).get(rule_id)
    if rule is None:
        abort(404)
    return render_template("rule.html", rule=rule, text=rule_text.of(rule), combined=COMBINED)


@page.get("/visits/<visit_id>/rules")
@staff_only
def of_visit(visit_id: str) -> str:
    """Show what each rule said of a visit, and by which facts."""
    store = context.store()
    visit = visits.get(store, visit_id)
    return render_template(
        "visit_rules.html",
        visit=visit,
        patient=register.get(store, visit.patient_id),
        verdict=verdict.of_visit(store, visit, context.now()),
        texts=rule_text,
        questions=say_fact.QUESTIONS,
    )
