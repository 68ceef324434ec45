"""How every verb of `healthpost hospital` answers: in words or JSON, with an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from hospital.archive import Archive
from hospital.errors import AccountError, HospitalError, SettingsError
from hospital.opening import open_archive
from hospital.settings import HospitalSettings
from sync.enrolment import EnrolmentError

Command = Callable[..., None]


def speaks_json(command: Command) -> Command:
    """Give a command `--json`, and turn our errors into exit codes and words."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @wraps(command)
    def wrapped(*args: Any, as_json: bool, **kwargs: Any) -> None:
        try:
            command(*args, as_json=as_json, **kwargs)
        except (SettingsError, AccountError, EnrolmentError) as error:
            _fail(error, as_json, code=2)
        except HospitalError as error:
            _fail(error, as_json, code=1)

    return wrapped


@contextmanager
def open_hospital() -> Iterator[tuple[HospitalSettings, Archive]]:
    """Give the hospital's settings and its archive, closed afterwards."""
    settings = HospitalSettings.load()
    archive = open_archive(settings)
    try:
        yield settings, archive
    finally:
        archive.close()


def say(told: object, text: str, as_json: bool) -> None:
    """Print the answer, as JSON or in words."""
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else text)


def _fail(error: Exception, as_json: bool, code: int) -> None:
    kind = getattr(error, "kind", None) or type(error).__name__.removesuffix("Error").lower()
    if as_json:
        click.echo(json.dumps({"kind": kind, "message": str(error)}, ensure_ascii=False))
    else:
        click.echo(f"healthpost: {error}", err=True)
    sys.exit(code)
