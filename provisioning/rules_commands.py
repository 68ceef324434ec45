"""`healthpost rules`: list the clinical rules, show one, check tables, sign one, compare."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from edge.assessments import record, rule_log, second_judgement
from edge.rules import library
from edge.rules.loader import load
from edge.rules.table import Reviewer, RuleTable
from edge.rules.table_rows import TableError
from edge.settings.box_settings import Settings
from provisioning.errors import CommandFailed, InputError
from provisioning.output import box_home, open_box, say, speaks_json
from provisioning.rule_words import rule_row, rule_text
from provisioning.site_rules import library_here, rules_here


@click.group()
def rules() -> None:
    """List the clinical rules, show one, check tables, sign one, compare versions."""


@rules.command("list")
@speaks_json
def list_rules(as_json: bool) -> None:
    """List the rules in use, what was refused, and where the site is more cautious.

    Ends with 1 when a file was refused.
    """
    here = library_here()
    rows = [rule_row(rule) for rule in here.rules.values()]
    refused = [{"file": e.file, "line": e.line, "message": str(e)} for e in here.refusals]
    cautious = [{"rule": o.rule, "what": o.what, "by": o.by, "why": o.why} for o in here.overrides]
    lines = [f"{r['id']:<24} {r['version']:<8} {r['status']:<9} {r['title']}" for r in rows]
    lines += [f"refused: {error}" for error in here.refusals]
    lines += [f"more cautious here: {o.rule} {o.what}, by {o.by}: {o.why}" for o in here.overrides]
    say({"rules": rows, "refused": refused, "overrides": cautious}, "\n".join(lines), as_json)
    if refused:
        sys.exit(1)


@rules.command()
@click.argument("rule")
@speaks_json
def show(rule: str, as_json: bool) -> None:
    """Show a RULE: whom it is for, its bands, what it answers, its sources, who signed it."""
    table = _table(rule)
    say(rule_row(table) | {"table": table.source}, rule_text(table), as_json)


@rules.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@speaks_json
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check tables in FILES, or all that are in use here; ends with 2 when one is wrong."""
    checked = [_checked(file) for file in files]
    if not files:
        here = library_here()
        if here.refusals:
            raise InputError("table", "\n".join(str(error) for error in here.refusals))
        checked = list(here.rules.values())
    text = "\n".join(f"{rule.id} {rule.version} ({rule.status}): good" for rule in checked)
    say({"checked": [rule_row(rule) for rule in checked]}, text, as_json)


@rules.command()
@click.argument("rule")
@click.option("--name", required=True, help="The clinician's name.")
@click.option("--role", required=True, help="What the clinician is, such as: district physician.")
@click.option("--date", "day", default="", help="The day, YYYY-MM-DD; today when not given.")
@speaks_json
def sign(rule: str, name: str, role: str, day: str, as_json: bool) -> None:
    """Let a named clinician sign a RULE: its draft becomes a reviewed rule on this box."""
    home = Settings.load(box_home()).home
    by = Reviewer(name.strip(), role.strip(), _day_of_signature(day))
    try:
        table, before = library.sign(home, rule, by)
    except LookupError:
        raise _unknown(rule) from None
    except TableError as error:
        raise InputError("table", f"{error}; mend the table, then sign it") from error
    except ValueError as error:
        raise InputError("signature", f"this cannot be a signature: {error}") from error
    except OSError as error:
        raise CommandFailed("system", f"the signature was not kept: {error.strerror}") from error
    with open_box() as (_, store):
        rule_log.note_signed(store, store.clock().now(), table, by)
    answer: dict[str, object] = {"rule": rule, "version": table.version, "sha256": table.sha256}
    answer |= {"name": by.name, "role": by.role, "date": by.date, "replaces": None}
    words = f"{rule} {table.version} is signed by {by.name}, {by.role}, on {by.date}."
    if before is not None:
        answer["replaces"] = {"version": before.version, **asdict(before.by)}
        words += (
            f"\nThis replaces the signature of version {before.version}"
            f" by {before.by.name}, {before.by.role}, on {before.by.date}."
        )
    say(answer, f"{words}\nSHA-256 of the table: {table.sha256}", as_json)


def _day_of_signature(text: str) -> str:
    """Return the day on which somebody signs, today when none is told; none that is to come."""
    today = date.today().isoformat()  # noqa: DTZ011
    day = _day(text) if text else today
    if day > today:
        raise InputError("day", f"{day} is still to come: a rule is signed today or was before")
    return day


@rules.command("compare")
@click.option("--from", "first", required=True, metavar="DAY", help="The first day, 2026-01-31.")
@speaks_json
def compare(first: str, as_json: bool) -> None:
    """Judge what was judged since DAY once more and list what would be another.

    Nothing stored is changed.
    """
    with open_box() as (_, store):
        stored = record.from_day(store, _day(first))
        found = second_judgement.compare(stored, rules_here())
    say(asdict(found), "\n".join(second_judgement.lines(found)), as_json)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise InputError("day", f"{text!r} is no day; write it as 2026-01-31") from error


def _table(name: str) -> RuleTable:
    known = rules_here()
    if name not in known:
        raise _unknown(name)
    return known[name]


def _unknown(name: str) -> InputError:
    return InputError("rule", f"there is no rule {name!r}; there are {', '.join(rules_here())}")


def _checked(file: Path) -> RuleTable:
    try:
        return load(file.read_text("utf-8"), str(file))
    except TableError as error:
        raise InputError("table", str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError("table", f"{file} is not text in UTF-8") from error
    except OSError as error:
        raise InputError("file", f"{file} cannot be read: {error.strerror}") from error
