"""`healthpost link …`: what went over the link, and what could not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from edge import poison
from edge.errors import NotFound
from edge.settings import home_folder
from edge.store import Store
from provisioning.errors import InputError
from provisioning.speech import open_box, say, speaks_json
from sync import trace
from sync.framing import MAX_RECORD_BYTES


@click.group()
def link() -> None:
    """The line to the hospital: its record of frames, and records that cannot travel."""


@link.command("trace")
@click.option("--last", type=int, default=100, show_default=True, help="So many lines.")
@speaks_json
def show_trace(last: int, as_json: bool) -> None:
    """Print the latest frames: when, which way, what, how large. No patient data."""
    lines = trace.read(home_folder())[-last:]
    text = "\n".join(f"{_utc(one.at_ms)}  {one.words()}" for one in lines)
    frames = [asdict(one) for one in lines]
    say({"frames": frames}, text or "Nothing went over the link yet.", as_json)


@link.command("poison")
@click.option("--repair", "entry", type=int, metavar="ID", help="Append this record anew.")
@speaks_json
def show_poison(entry: int | None, as_json: bool) -> None:
    """List records that could not be sent, or repair one: its long texts are cut if need be."""
    with open_box() as (_, store):
        if entry is not None:
            _repair(store, entry)
        held = poison.listed(store)
    rows = [asdict(one) | {"lane": str(one.lane)} for one in held]
    text = "\n".join(
        f"{one.entry}  lane {one.lane}  {one.size:,} bytes  {one.why}"
        + (f"  repaired as {one.repaired_as}" if one.repaired_as else "")
        for one in held
    )
    say({"records": rows}, text or "Every record can be sent.", as_json)


def _repair(store: Store, entry: int) -> None:
    try:
        poison.repair(store, store.clock().now(), entry, MAX_RECORD_BYTES)
    except NotFound as error:
        raise InputError("record", str(error)) from error


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "milliseconds")
