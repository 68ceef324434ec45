"""The `healthpost` command. Exit 0: done; 2: the input is wrong; 1: it failed.

With `--json` an error is one JSON object on standard output: {"kind", "message"}.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from edge.model import languages
from edge.model.errors import DiskError, StoreError, StoreRefused
from edge.settings.box_settings import Port, Settings, home_folder
from edge.settings.toml_table import HIGHEST_PORT
from provisioning import extras
from provisioning.assess_command import assess
from provisioning.enrol_command import enrol
from provisioning.errors import InputError
from provisioning.output import box_home, open_box, say, speaks_json
from provisioning.report_command import report
from provisioning.rules_commands import rules
from provisioning.staff_commands import staff

_NO_COPY = {
    "missing": "is not there",
    "empty": "is empty, or holds no box",
    "unreadable": "is not a box's file",
    "foreign": "is the file of another box",
}
"""Why a file cannot be put back as a copy, by the kind of `StoreRefused`."""


class _Verbs(click.Group):
    """The verbs below, and those offered under the entry point `healthpost.commands`.

    The latter are loaded when they are called: a verb should not pay for its neighbours. A verb
    whose extra is not installed is offered too, and says what to install.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_offered().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        extra = extras.missing(cmd_name)
        if extra is not None:
            return extras.absent(cmd_name, extra)
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in _offered():
            if point.name == cmd_name:
                command: click.Command = point.load()
                return command
        return None


@click.group(cls=_Verbs)
@click.version_option(package_name="healthpost")
def main() -> None:
    """Healthpost: an offline-first clinic appliance."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")


@main.command()
@click.option("--clinic", required=True, help="The clinic's name, as people call it.")
@click.option(
    "--language",
    type=click.Choice(languages.CODES),
    default=languages.SOURCE.code,
    show_default=True,
)
@click.option("--kiosk-port", type=click.IntRange(0, HIGHEST_PORT), default=8600, show_default=True)
@click.option("--port", "ports", multiple=True, metavar="PATH=MODEL", help="Bind a serial port.")
@speaks_json
def init(
    clinic: str, language: str, kiosk_port: int, ports: tuple[str, ...], as_json: bool
) -> None:
    """Make this machine a box: its id, keys, settings and file."""
    from provisioning.box_setup import init_box, record_count

    settings = init_box(
        home_folder(),
        clinic,
        language=language,
        kiosk_port=kiosk_port,
        ports=[_port(text) for text in ports],
    )
    records = record_count(settings)
    found = (
        ""
        if records == 0
        else (
            f"{settings.database} was there, with {records:,} entries of this box: they are kept."
            " If it was enrolled, `healthpost enrol` needs a new claim of the hospital.\n"
        )
    )
    say(
        {"box": settings.box_id, "home": str(settings.home), "found": records},
        f"Box {settings.box_id} for {settings.clinic}, in {settings.home}.\n{found}"
        "Next: `healthpost staff add --name NAME`, `healthpost enrol`, `healthpost run`.",
        as_json,
    )


@main.command()
@speaks_json
def run(as_json: bool) -> None:
    """Run the box's processes in the foreground, restarting any that dies."""
    from provisioning.run import run_box

    run_box()


@main.command()
@speaks_json
def acknowledge(as_json: bool) -> None:
    """Say that the damage or loss of records that the box tells of is known; marks stay."""
    from edge.store import damage, losses

    with open_box() as (_, store):
        known = losses.acknowledge(store, store.clock().now())
        marked = damage.count(store)
    words = f"{known:,} records are known to be damaged or missing; {marked:,} stay marked."
    say({"known": known, "damaged": marked}, words, as_json)


@main.command()
@click.argument("copy", required=False, type=click.Path(path_type=Path, dir_okay=False))
@speaks_json
def restore(copy: Path | None, as_json: bool) -> None:
    """Put a COPY of the box's file back, the newest of `backup/` when none is named.

    The box must be stopped. The former file is kept beside it.
    """
    from edge.process.start import held
    from edge.store import copies
    from edge.store.restore import put_back, users

    settings = Settings.load(box_home())
    lock = held(settings.home, "box")
    made = copies.listed(settings.backup)
    if copy is None and not made:
        raise InputError("copy", f"there is no copy in {settings.backup}: name one")
    source = copy or made[0].file
    try:
        aside = put_back(settings.database, settings.box_id, source)
    except StoreError as error:
        if isinstance(error, DiskError) or users(settings.database):
            raise
        kind = error.kind if isinstance(error, StoreRefused) else ""
        what = _NO_COPY.get(kind, "cannot be read, or is damaged")
        words = f"{source} {what}; nothing has changed. Name another copy of box {settings.box_id}"
        raise InputError("copy", f"{words} (those in {settings.backup} are its own)") from error
    lock.release()
    kept = "" if aside is None else f" The former file is {aside}."
    say(
        {"copy": str(source), "former": None if aside is None else str(aside)},
        f"{source} is the box's file now.{kept} What is not in the copy comes back neither here"
        " nor at the hospital; what the hospital had confirmed since stays there.",
        as_json,
    )


@main.command()
@click.option("--once", is_flag=True, help="Run headless until every device is confirmed.")
@click.option(
    "--within", default=85, show_default=True, help="Seconds after which --once gives up."
)
@speaks_json
def demo(once: bool, within: int, as_json: bool) -> None:
    """Watch a clinic work: simulated devices, box, broker and hospital on this machine."""
    from provisioning.demo_watch import run_demo, run_once

    if not once:
        run_demo()
        return
    result = run_once(within)
    say(result, json.dumps(result, indent=2), as_json)


@main.command()
@speaks_json
def status(as_json: bool) -> None:
    """Say what is captured, confirmed and waiting, and what is wrong."""
    from edge.jobs import check_records
    from provisioning import status as words

    with open_box() as (settings, store):
        with suppress(DiskError):  # what cannot be written down is found again
            check_records.run(store, settings, store.clock().now())
        state = words.status(settings, store)
        lines = [words.sentence(store), *words.lane_sentences(store)]
        lines += [f"- {c['sentence']}" for c in state["conditions"]]  # type: ignore[attr-defined]
        say(state, "\n".join(lines), as_json)


@main.command()
@speaks_json
def checkup(as_json: bool) -> None:
    """Check that this box is fit for work; ends with 1 when a check fails."""
    from provisioning import checkup as checks
    from provisioning.finding import FAIL

    try:
        with open_box() as (settings, store):
            findings = checks.checkup(settings, store)
    except StoreError as error:
        findings = checks.checkup_without_file(Settings.load(box_home()), error)
    rows = [{"check": f.check, "result": f.result, "text": f.text} for f in findings]
    text = "\n".join(f"{f.result:<5} {f.check}: {f.text}" for f in findings)
    failed = any(f.result == FAIL for f in findings)
    say({"fit": not failed, "checks": rows}, text, as_json)
    sys.exit(1 if failed else 0)


def _port(text: str) -> Port:
    path, separator, model = text.partition("=")
    if not (path and separator and model):
        raise InputError("port", f"--port wants PATH=MODEL, not {text!r}")
    return Port(path, model)


def _offered() -> Any:
    return entry_points(group="healthpost.commands")


for _command in (assess, enrol, report, rules, staff):
    main.add_command(_command)


if __name__ == "__main__":
    main()
