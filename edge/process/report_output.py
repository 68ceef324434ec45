"""What `healthpost report` and `healthpost hospital report` have in common: options and output."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from edge.model.errors import SettingsError
from edge.reports.core import dhis2, indicators, months, render
from edge.reports.core.dhis2 import SiteMapping
from edge.reports.core.indicators import Report
from edge.reports.core.settled import Settled
from edge.settings.toml_table import read_file
from edge.store import durable

FORMS = ("csv", "dhis2", "adx", "register")


class WrongRequest(SettingsError):
    """What was asked for cannot be meant; the text says how to ask."""

    kind = "request"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to print of which month, as which form ("" for words or JSON), and whether with a BOM.

    `output` is a file to write instead of printing.
    """

    month: str
    form: str
    bom: bool
    output: Path | None


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of both ends; it gets them as one `Asked`."""

    def with_asked(**given: Any) -> None:
        forms = [form for form in FORMS if given.pop(form)]
        if len(forms) > 1:
            raise WrongRequest(f"choose one of --{' and --'.join(forms)}")
        month = given.pop("month")
        if not months.is_month(month):
            raise WrongRequest(f"{month[:20]!r} is no month: write it as 2026-11")
        asked = Asked(month, "".join(forms), not given.pop("no_bom"), given.pop("output"))
        command(asked=asked, **given)

    with_asked.__doc__, with_asked.__name__ = command.__doc__, command.__name__
    decorated: Callable[..., None] = with_asked
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def check_begun(month: str, first: str, last: str) -> None:
    """Refuse a month not begun; say on standard error when it is not over.

    `first` and `last` are the days that it may be today: one day, but for clinics in many zones.
    Raises `WrongRequest`.
    """
    if month > last[:7]:
        raise WrongRequest(f"{month} has not begun: today is {last}")
    if month >= first[:7]:
        words = f"{month} is not over: these are its numbers until now"
        click.echo(f"healthpost: {words}", err=True)


_Option = Callable[[Callable[..., None]], Callable[..., None]]
_OPTIONS: tuple[_Option, ...] = (
    click.option("--month", required=True, metavar="YYYY-MM", help="Which month."),
    click.option("--csv", "csv", is_flag=True, help="The numbers as CSV."),
    click.option("--register", is_flag=True, help="The register as CSV: each visit one row."),
    click.option("--dhis2", is_flag=True, help="A DHIS2 dataValueSets payload (dhis2.toml)."),
    click.option("--adx", is_flag=True, help="The same as ADX (XML)."),
    click.option("--no-bom", is_flag=True, help="CSV without a byte order mark."),
    click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into a file."),
)


SiteOf = Callable[[], SiteMapping]
"""Returns the site's mapping; raises `MappingError` in words."""


def site_mapping(home: Path, clinic: str) -> SiteOf:
    """Return a function that reads the mapping file of a home, for a clinic."""

    def read() -> SiteMapping:
        try:
            raw = read_file(home / dhis2.FILE, dhis2.MappingError)
        except FileNotFoundError as error:
            hint = "it says which data element each number becomes (docs/reports.md)"
            raise dhis2.MappingError(f"there is no {home / dhis2.FILE}: {hint}") from error
        return dhis2.read_mapping(raw, clinic)

    return read


def written(
    settled: Settled,
    asked: Asked,
    site: SiteOf,
    closed: str = "",
    stated: Report | None = None,
) -> bytes:
    """Return what was asked for as bytes; `closed` is the day on which the month was closed.

    `stated`: the numbers of a closed month, which stay whatever came later.
    """
    if asked.form == "register":
        return render.register_csv(settled, asked.month, bom=asked.bom)
    report = indicators.of_settled(settled, asked.month) if stated is None else stated
    if asked.form == "csv":
        return render.csv(report, bom=asked.bom)
    if asked.form == "adx":
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return dhis2.adx_bytes(report, site(), now)
    return dhis2.payload_bytes(dhis2.data_value_set(report, site(), closed))


def put(found: bytes, asked: Asked, as_json: bool) -> None:
    """Print bytes as they are, or write them into the file that was asked for."""
    if asked.output is None:
        click.echo(found, nl=False)
        return
    durable.replace(asked.output, found, 0o600)
    told = {"file": str(asked.output), "bytes": len(found)}
    click.echo(json.dumps(told) if as_json else f"{asked.output}: {len(found):,} bytes.")
