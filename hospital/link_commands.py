"""`healthpost hospital …`: the verbs about the link, for whoever answers for the records."""

from __future__ import annotations

from dataclasses import asdict

import click

from hospital import ledger
from hospital.speech import open_hospital, say, speaks_json


@click.command("ledger")
@click.argument("box_id", metavar="BOX")
@speaks_json
def show_ledger(box_id: str, as_json: bool) -> None:
    """Print what is held of a box, to compare with `healthpost status` there."""
    with open_hospital() as (_, archive):
        lines = ledger.of(archive, box_id)
    text = "\n".join(
        f"epoch {one.epoch}{'' if one.current else ' (closed)'} lane {one.lane}: {one.sentence()};"
        f" in the backup to {one.safe:,}; the box told of {one.told:,}"
        for one in lines
    )
    told = {"box": box_id, "streams": [asdict(one) for one in lines]}
    say(told, text or f"Nothing has come from box {box_id} yet.", as_json)


COMMANDS = (show_ledger,)
