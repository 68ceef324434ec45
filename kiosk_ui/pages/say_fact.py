"""One question about a patient whom a rule cannot judge without the answer, with large buttons.

The answer is kept as every other fact of the patient or of the visit, and the visit is judged anew.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.assessments.uncertain import PREGNANT, SEX
from edge.model.errors import InvalidForm
from edge.model.patient_codes import AgeUnit, Sex
from edge.patients import register
from edge.readings import alerts
from edge.staff.drafts import Draft
from edge.visits import notes, visits
from edge.visits.visit_fields import BY_NAME
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, person_form
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_

page = Blueprint("say_fact", __name__)

QUESTIONS = {
    "age": N_("How old is the patient?"),
    SEX: N_("Is the patient a woman or a man?"),
    PREGNANT: N_("Is she pregnant?"),
    "temp_site": N_("Where was the temperature measured?"),
    "position": N_("Was the child measured lying or standing?"),
    "glucose_kind": N_("When was the blood sugar measured?"),
}
"""What is asked, by the word in `edge.assessments.verdict.Verdict.asks`."""

_NOTED = {
    PREGNANT: "pregnant",
    "temp_site": "temp_site",
    "position": "position",
    "glucose_kind": "meal",
}
"""The field of the visit's note that holds the answer; age and sex are the patient's."""

_ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "age": (),
    SEX: ((Sex.FEMALE.value, N_("Woman or girl")), (Sex.MALE.value, N_("Man or boy"))),
    PREGNANT: (("yes", N_("Yes")), ("no", N_("No"))),
    **{
        what: tuple((row.word, row.label) for row in (BY_NAME[field].words or {}).values())
        for what, field in _NOTED.items()
        if what != PREGNANT
    },
}


def _typed(visit_id: str, what: str) -> Draft:
    visit = visits.get(context.store(), visit_id)
    fields = {name: request.form.get(name, "")[:20] for name in ("age", "age_unit", "answer")}
    return Draft(f"say/{what}/{visit.patient_id}"[:80], _path(visit, what), fields)


@page.get("/visits/<visit_id>/say/<what>")
@staff_only
def show(visit_id: str, what: str) -> str:
    """Ask for one fact."""
    return _page(visits.get(context.store(), visit_id), what)


@page.post("/visits/<visit_id>/say/<what>")
@staff_form(_typed)
def keep(visit_id: str, what: str) -> ResponseReturnValue:
    """Keep the answer and judge the visit anew by it."""
    visit = visits.get(context.store(), visit_id)
    try:
        _keep(visit, what)
    except InvalidForm as error:
        wrong = next(iter(person_form.problems(error.fields).values()))
        return _page(visit, what, wrong=wrong), 422
    form_drafts.forget(_typed(visit_id, what).form)
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


def _keep(visit: Visit, what: str) -> None:
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    answer = request.form.get("answer", "")
    if what in _NOTED:
        with store.transaction():
            notes.say(store, now, visit.id, _NOTED[what], answer, actor=actor)
            alerts.judge_note(store, now, visit.id)
        return
    changes = {"sex": answer}
    if what == "age":
        unit = request.form.get("age_unit", AgeUnit.YEARS.value)
        changes = {"age": request.form.get("age", ""), "age_unit": unit}
        if not changes["age"].strip():
            raise InvalidForm({"age": "format"})
    with store.transaction():
        register.correct(store, now, visit.patient_id, changes, actor)
        alerts.judge_again(store, now, visit.patient_id)


def _page(visit: Visit, what: str, wrong: object = None) -> str:
    if what not in QUESTIONS:
        abort(404)
    return render_template(
        "say_fact.html",
        visit=visit,
        patient=register.get(context.store(), visit.patient_id),
        what=what,
        question=QUESTIONS[what],
        answers=_ANSWERS[what],
        units=AgeUnit,
        wrong=wrong,
        begun=form_drafts.stored(_typed(visit.id, what).form),
    )


def _path(visit: Visit, what: str) -> str:
    return url_for("say_fact.show", visit_id=visit.id, what=what)
