"""`healthpost hospital report`: the numbers of a clinic's month, from the records kept here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import click

from edge.process import report_output
from edge.process.report_output import Asked
from edge.reports.core import indicators, months, render
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.reports import month, statements
from hospital.reports.statements import Comparison

ZONES: Final = (-12, 14)
"""By how many hours a clinic's clock may be behind and ahead of UTC."""


@click.command()
@click.option("--clinic", required=True, help="The clinic's name.")
@speaks_json
@report_output.options
def report(clinic: str, asked: Asked, as_json: bool) -> None:
    """Print the numbers of a month of a clinic, all its boxes together.

    What its boxes stated of the month is compared with what their records give here.
    """
    now = int(datetime.now(UTC).timestamp() * 1000)
    first, last = (months.local_day(now, hours * 60) for hours in ZONES)
    with open_hospital() as (settings, archive):
        report_output.check_begun(asked.month, first, last)
        if asked.form:
            site = report_output.site_mapping(settings.home, clinic)
            written = report_output.written(month.settled(archive, clinic), asked, site)
            report_output.put(written, asked, as_json)
            return
        found = month.of_clinic(archive, clinic, asked.month)
        stated = statements.newest(statements.of_month(archive, clinic, asked.month))
        compared = [statements.compare(archive, one) for one in stated]
    answer = {"clinic": clinic, "report": found, "sha256": indicators.sha256(found)}
    said = "\n".join(map(_words, compared)) or "No box has closed the month."
    words = f"{clinic}, {asked.month}. {said}\n\n{render.text(found)}"
    say(answer | {"boxes": [_box(one) for one in compared]}, words, as_json)


def _box(one: Comparison) -> dict[str, object]:
    stated = one.stated
    found: dict[str, object] = {"box": stated.box, "sha256": stated.sha256}
    found |= {"restates": stated.restates, "equal": one.is_equal}
    return found | {"differences": one.differences}


def _words(one: Comparison) -> str:
    if one.is_equal:
        return f"Box {one.stated.box} stated the same."
    differ = "; ".join(f"{name}: there {was}, here {now}" for name, was, now in one.differences)
    return f"Box {one.stated.box} stated other numbers: {differ}."
