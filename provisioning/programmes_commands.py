"""`healthpost programmes`: which programmes are in use, and whether a clinic's file is right."""

from __future__ import annotations

from pathlib import Path

import click

from edge.care import library
from edge.rules.table_rows import TableError
from edge.settings.box_settings import home_folder
from provisioning.errors import InputError
from provisioning.output import say, speaks_json


@click.group()
def programmes() -> None:
    """Programmes of care: hypertension, pregnancy, a clinic's own."""


@programmes.command("list")
@speaks_json
def list_programmes(as_json: bool) -> None:
    """Say which programmes and which schedule of vaccines are in use."""
    in_use = library.load(home_folder())
    rows = [
        {
            "id": one.id,
            "version": one.version,
            "status": one.status,
            "title": one.title,
            "own": one.is_own,
            "citations": list(one.citations),
            "from_memory": list(one.from_memory),
        }
        for one in in_use.programmes.values()
    ]
    vaccines = {"id": in_use.vaccines.id, "status": in_use.vaccines.status}
    told = {"programmes": rows, "vaccines": vaccines, "wrong": dict(in_use.wrong)}
    lines = [
        f"{row['id']:<20} {row['status']:<8} version {row['version']}  {row['title']}"
        f"{'  (this clinic)' if row['own'] else ''}"
        for row in rows
    ]
    lines.append(f"vaccines: {in_use.vaccines.id} ({in_use.vaccines.status})")
    say(told, "\n".join([*lines, *in_use.wrong.values()]), as_json)


@programmes.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@speaks_json
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check FILES, or those of this clinic: a sentence names the line that is wrong."""
    chosen = files or tuple(sorted((home_folder() / library.FOLDER).glob("*.toml")))
    wrong = []
    for file in chosen:
        try:
            library.check(file)
        except TableError as error:
            wrong.append(str(error))
    if wrong:
        raise InputError("wrong_table", "\n".join(wrong))
    say({"checked": len(chosen)}, f"checked: {len(chosen)}, all right", as_json)
