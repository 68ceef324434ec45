"""The clinical rules of this hospital, as each clinic's box has them: tables, sources, signers."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from edge import rules
from edge.assessments import rule_text
from hospital.desk import context, guard
from hospital.patients import assessments

page = Blueprint("rules", __name__, url_prefix="/rules")

EVENTS = 50
"""Events of tables on the page, the newest."""


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the rules, and what became of their tables at the clinics."""
    tables = sorted(rules.rules().values(), key=lambda rule: rule.title)
    events = assessments.rule_events(context.archive(), EVENTS)
    return render_template("rules.html", rules=tables, events=events)


@page.get("/<rule_id>")
@guard.clinician_only
def one(rule_id: str) -> str:
    """Show one rule: whom it is for, its tables, what is to be done, where it comes from."""
    rule = rules.rules().get(rule_id)
    if rule is None:
        abort(404)
    return render_template("rule.html", rule=rule, text=rule_text.of(rule))
