"""`healthpost rules compare`: stored assessments judged once more by the tables of this release."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import click

from edge.assessments import record, second_judgement
from provisioning.errors import InputError
from provisioning.output import open_box, say, speaks_json


@click.group()
def rules() -> None:
    """The clinical rules of this box."""


@rules.command("compare")
@click.option("--from", "first", required=True, metavar="DAY", help="The first day, 2026-01-31.")
@speaks_json
def compare(first: str, as_json: bool) -> None:
    """Judge what was judged since DAY once more and list what would be another.

    Nothing stored is changed.
    """
    try:
        day = date.fromisoformat(first).isoformat()
    except ValueError as error:
        raise InputError("day", f"{first!r} is no day; write it as 2026-01-31") from error
    with open_box() as (_, store):
        found = second_judgement.compare(record.from_day(store, day))
    say(asdict(found), "\n".join(second_judgement.lines(found)), as_json)
