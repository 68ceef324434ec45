"""`healthpost report`: the numbers of a month, the register, and their forms for other programs."""

from __future__ import annotations

import click

from edge.process import report_output
from edge.process.report_output import Asked
from edge.reports import box_facts
from edge.reports.core import indicators, render
from provisioning.output import open_box, say, speaks_json


@click.command()
@speaks_json
@report_output.options
def report(asked: Asked, as_json: bool) -> None:
    """Print the numbers of a month of this box."""
    with open_box() as (settings, store):
        if asked.form:
            site = report_output.site_mapping(settings.home, settings.clinic)
            written = report_output.written(box_facts.settled(store), asked, site)
            report_output.put(written, asked, as_json)
            return
        found = box_facts.report(store, asked.month)
    answer = {"clinic": settings.clinic, "report": found, "sha256": indicators.sha256(found)}
    say(answer, f"{settings.clinic}, {asked.month}\n\n{render.text(found)}", as_json)
