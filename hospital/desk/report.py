"""A clinic's report of a month, what its boxes stated of it, and its register of a day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from edge.model.errors import SettingsError
from edge.process import report_output
from edge.process.report_output import Asked
from edge.reports.core import indicators, labels, months, register, render
from edge.reports.core.quality import LEAST, quality
from edge.reports.core.settled import Settled
from edge.visits import complaints, visit_words
from hospital.desk import context, guard
from hospital.patients import links
from hospital.reports import month as counted
from hospital.reports import statements

page = Blueprint("report", __name__, url_prefix="/clinics/report")

KINDS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "register": ("csv", "text/csv; charset=utf-8"),
    "dhis2": ("json", "application/json"),
    "adx": ("xml", "application/xml"),
}


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show a month of a clinic, the running one when none is named."""
    return _page(_clinic(), _month())


@page.get("/register")
@guard.clinician_only
def register_of_day() -> str:
    """Show the visits of a day, of today when none is named."""
    clinic, asked = _clinic(), request.args.get("day", "")
    day = asked if months.is_day(asked) else _today()
    rows = register.rows(_settled(clinic), day)
    return render_template(
        "register.html",
        clinic=clinic,
        day=day,
        earlier=months.plus_days(day, -1),
        later=months.plus_days(day, 1),
        rows=rows,
        reasons=visit_words.REASONS,
        complaints=complaints.COMPLAINTS,
        outcomes=visit_words.OUTCOMES,
        vitals=register.VITALS,
    )


@page.get("/file/<form>")
@guard.clinician_only
def file(form: str) -> ResponseReturnValue:
    """Give a month as a file; what the mapping file lacks is said on the page."""
    if form not in KINDS:
        abort(404)
    clinic, month = _clinic(), _month()
    site = report_output.site_mapping(context.parts().settings.home, clinic)
    try:
        found = report_output.written(_settled(clinic), Asked(month, form, True, None), site)
    except SettingsError as error:
        return _page(clinic, month, wrong=str(error)), 422
    ending, kind = KINDS[form]
    answer = Response(found, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{form}-{month}.{ending}"'
    return answer


def _page(clinic: str, month: str, wrong: str = "") -> str:
    archive = context.archive()
    settled = _settled(clinic)
    found = indicators.of_settled(settled, month)
    stated = statements.of_month(archive, clinic, month)
    return render_template(
        "report.html",
        clinic=clinic,
        month=month,
        earlier=months.before(month, 1),
        later=months.before(month, -1),
        sections=list(_sections(found)),
        stated=stated,
        compared=[statements.compare(archive, one) for one in statements.newest(stated)],
        name=_name,
        quality=quality(settled, month),
        least=LEAST,
        wrong=wrong,
    )


def _sections(report: indicators.Report) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for section, lines in groupby(render.lines(report), lambda line: line.section):
        yield section, [(_words(line.label, line.words), line.number) for line in lines]


def _name(full: str) -> str:
    """Return a number by its section and name, as in a list of differences."""
    section = labels.SECTIONS.get(full.partition(".")[0], full.partition(".")[0])
    return f"{section}: {_words(*labels.label(full))}"


def _words(label: str, words: str) -> str:
    plain = words.replace("_", " ").replace(".", ", ")
    return " · ".join(part for part in (label, plain) if part)


def _settled(clinic: str) -> Settled:
    return counted.settled(context.archive(), clinic)


def _clinic() -> str:
    name = request.args.get("clinic", "")
    if name not in links.clinics(context.archive()):
        abort(404)
    return name


def _month() -> str:
    asked = request.args.get("month", "")
    return asked if months.is_month(asked) else _today()[:7]


def _today() -> str:
    return months.local_day(guard.now_ms(), 0)
