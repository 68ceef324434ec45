"""`healthpost hospital rules-compare`: stored assessments judged once more by the loaded tables."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import click

from edge.assessments import second_judgement
from edge.rules import rules
from hospital.archive.errors import WrongInput
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.patients import assessments


@click.command("rules-compare")
@click.option("--from", "first", required=True, metavar="DAY", help="The first day, 2026-01-31.")
@speaks_json
def compare_rules(first: str, as_json: bool) -> None:
    """Judge the assessments of all clinics since DAY once more and list what would be another.

    Nothing stored is changed.
    """
    with open_hospital() as (_, archive):
        found = second_judgement.compare(assessments.from_day(archive, _day(first)), rules())
    say(asdict(found), "\n".join(second_judgement.lines(found)), as_json)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise WrongInput(f"{text!r} is no day; write it as 2026-01-31") from error
