"""`healthpost report`: the numbers of a month, the register, and their forms for other programs."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from edge.model.clock import ClockQuality
from edge.process import report_output
from edge.process.report_output import Asked, WrongRequest
from edge.reports import box_facts, closing
from edge.reports.closing import MonthState, Statement
from edge.reports.core import indicators, months, render
from edge.reports.core.quality import quality
from edge.settings.box_settings import Settings
from edge.store.store import Store
from provisioning.output import open_box, say, speaks_json


@click.command()
@click.option("--close", is_flag=True, help="Close the month, which must be over.")
@click.option("--restate", is_flag=True, help="State a closed month again, with --why.")
@click.option("--why", default="", help="Why the month is stated again.")
@speaks_json
@report_output.options
def report(asked: Asked, close: bool, restate: bool, why: str, as_json: bool) -> None:
    """Print the numbers of a month of this box, or close the month."""
    if close + restate + bool(asked.form) > 1:
        raise WrongRequest("choose one of --close, --restate and a form to print")
    with open_box() as (settings, store):
        now = store.clock().now()
        if now.quality is not ClockQuality.FLOOR:
            today = box_facts.today(store, now)
            report_output.check_begun(asked.month, today, today)
        if close:
            closing.close(store, now, asked.month, None)
        if restate:
            closing.restate(store, now, asked.month, why, None)
        if asked.form:
            _put(settings, store, asked, as_json)
            return
        state = closing.state(store, asked.month)
    words = f"{settings.clinic}, {asked.month}. {_standing(state)}\n\n{render.text(state.report)}"
    say(_answer(settings.clinic, state), words, as_json)


def _put(settings: Settings, store: Store, asked: Asked, as_json: bool) -> None:
    site = report_output.site_mapping(settings.home, settings.clinic)
    stated = closing.statements(store, asked.month)
    offset = box_facts.stated_offset(store) or 0
    closed = months.local_day(stated[-1].wall_ms, offset) if stated else ""
    numbers = stated[-1].report if stated else None
    written = report_output.written(box_facts.settled(store), asked, site, closed, numbers)
    report_output.put(written, asked, as_json)


def _answer(clinic: str, state: MonthState) -> dict[str, object]:
    return {
        "clinic": clinic,
        "report": state.report,
        "sha256": indicators.sha256(state.report),
        "closed": [_stated(one) for one in state.stated],
        "differences": state.differences,
        "quality": render.quality_json(quality(state.settled, state.month)),
    }


def _stated(one: Statement) -> dict[str, object]:
    found = {"restates": one.restates, "sha256": one.sha256, "at": _moment(one.wall_ms)}
    again = {"why": one.why, "differences": one.differences}
    return found | (again if one.restates else {})


def _standing(state: MonthState) -> str:
    closed = state.closed
    if closed is None:
        return "The month is not closed."
    said = f"Closed at {_moment(closed.wall_ms)}"
    if closed.restates:
        said = f"Stated again ({closed.restates}) at {_moment(closed.wall_ms)}: {closed.why}"
    changed = [f"{name} was {was}, is {now}" for name, was, now in state.differences]
    return f"{said}. {'; '.join(['Since then', *changed]) if changed else 'Nothing has changed'}."


def _moment(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
