"""The report of a month: its numbers, whether it is closed, and files of it to take along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.model.errors import ActionRefused, SettingsError
from edge.process import report_output
from edge.process.report_output import Asked
from edge.reports import box_facts, closing
from edge.reports.core import months
from edge.reports.core.quality import quality
from edge.staff import staff
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.sentences import report_texts
from kiosk_ui.wording import N_, moment_text, t

page = Blueprint("report", __name__)

FILES = {
    "csv": ("report-{}.csv", "text/csv; charset=utf-8"),
    "register": ("register-{}.csv", "text/csv; charset=utf-8"),
    "dhis2": ("dhis2-{}.json", "application/json"),
    "adx": ("adx-{}.xml", "application/xml"),
}
_REFUSED = {
    "open": N_("The month is not over yet."),
    "closed": N_("The month is closed already."),
    "not-closed": N_("The month is not closed yet."),
    "why": N_("Say why the month is stated again."),
    "same": N_("The numbers are as they were stated."),
}


@page.get("/report")
@staff_only
def show() -> str:
    """Show a month, the running one when none is named."""
    return _page(_month(request.args.get("month", "")))


@page.post("/report/close")
@staff_only
def close() -> ResponseReturnValue:
    """Close a month that is over."""
    month = _month(request.form.get("month", ""))
    return _done(month, lambda who: closing.close(context.store(), context.now(), month, who))


def _typed() -> Draft:
    month = _month(request.form.get("month", ""))
    why = request.form.get("why", "")[: closing.LONGEST_WHY]
    return Draft(f"report/{month}", url_for("report.show", month=month), {"why": why})


@page.post("/report/restate")
@staff_form(_typed)
def restate() -> ResponseReturnValue:
    """State a closed month again, with the reason."""
    typed, month = _typed(), _month(request.form.get("month", ""))
    why = typed.fields["why"]
    return _done(
        month, lambda who: closing.restate(context.store(), context.now(), month, why, who)
    )


@page.get("/report/<month>/<form>")
@staff_only
def file(month: str, form: str) -> ResponseReturnValue:
    """Give a month as a file; what the mapping file lacks is said on the page."""
    if not months.is_month(month) or form not in FILES:
        return redirect(url_for(".show"), 303)
    store, settings = context.store(), context.settings()
    stated = closing.statements(store, month)
    closed = _day(stated[-1].wall_ms) if stated else ""
    site = report_output.site_mapping(settings.home, settings.clinic)
    asked = Asked(month, form, True, None)
    try:
        settled = box_facts.settled(store)
        numbers = stated[-1].report if stated else None
        found = report_output.written(settled, asked, site, closed, numbers)
    except SettingsError as error:
        return _page(month, unmapped=str(error)), 422
    name, kind = FILES[form]
    answer = Response(found, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name.format(month)}"'
    return answer


def _done(month: str, act: Callable[[str], object]) -> ResponseReturnValue:
    try:
        act(context.worker().staff.id)
    except ActionRefused as error:
        return _page(month, wrong=error.kind), 422
    form_drafts.forget(f"report/{month}")
    return redirect(url_for("report.show", month=month), 303)


def _page(month: str, wrong: str = "", unmapped: str = "") -> str:
    store = context.store()
    today = box_facts.today(store, context.now())
    state = closing.state(store, month)
    names = {person.id: person.name for person in staff.members(store)}
    return render_template(
        "report.html",
        month=month,
        earlier=months.before(month, 1),
        later=months.before(month, -1) if month < today[:7] else None,
        is_over=month < today[:7],
        sections=list(report_texts.sections(state.closed.report if state.closed else state.report)),
        state=state,
        hospital=closing.hospital_count(store, state.closed),
        closed_at=[
            moment_text(datetime.fromtimestamp(one.wall_ms / 1000, UTC)) for one in state.stated
        ],
        number_name=report_texts.number_name,
        quality=report_texts.quality(quality(state.settled, month), names),
        wrong=t(_REFUSED[wrong]) if wrong else "",
        unmapped=unmapped,
        why=form_drafts.stored(f"report/{month}").get("why", ""),
    )


def _month(text: str) -> str:
    return text if months.is_month(text) else box_facts.today(context.store(), context.now())[:7]


def _day(wall_ms: int) -> str:
    return months.local_day(wall_ms, box_facts.stated_offset(context.store()) or 0)
