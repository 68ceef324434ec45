"""`healthpost hospital report`: the numbers of a clinic's month, from the records kept here."""

from __future__ import annotations

import click

from edge.process import report_output
from edge.process.report_output import Asked
from edge.reports.core import indicators, render
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.reports import month


@click.command()
@click.option("--clinic", required=True, help="The clinic's name.")
@speaks_json
@report_output.options
def report(clinic: str, asked: Asked, as_json: bool) -> None:
    """Print the numbers of a month of a clinic, all its boxes together."""
    with open_hospital() as (settings, archive):
        if asked.form:
            site = report_output.site_mapping(settings.home, clinic)
            written = report_output.written(month.settled(archive, clinic), asked, site)
            report_output.put(written, asked, as_json)
            return
        found = month.of_clinic(archive, clinic, asked.month)
    answer = {"clinic": clinic, "report": found, "sha256": indicators.sha256(found)}
    say(answer, f"{clinic}, {asked.month}\n\n{render.text(found)}", as_json)
