"""How every verb of the `healthpost` command answers: in words or JSON, with an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from edge.errors import EdgeError, InvalidForm, SettingsError
from edge.settings import Settings
from edge.store import Store
from provisioning.errors import Failed, InputError

Command = Callable[..., None]


def speaks_json(command: Command) -> Command:
    """Give a command `--json`, and turn our errors into exit codes and words."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @wraps(command)
    def wrapped(*args: Any, as_json: bool, **kwargs: Any) -> None:
        try:
            command(*args, as_json=as_json, **kwargs)
        except InvalidForm as error:
            fail("form", str(error), as_json, code=2)
        except (InputError, SettingsError) as error:
            fail(getattr(error, "kind", "settings"), str(error), as_json, code=2)
        except (Failed, EdgeError) as error:
            kind = getattr(error, "kind", None) or type(error).__name__.lower()
            fail(kind, str(error), as_json, code=1)

    return wrapped


@contextmanager
def open_box() -> Iterator[tuple[Settings, Store]]:
    """Give the box's settings and its file, closed afterwards."""
    settings = Settings.load()
    store = Store.open(settings.database)
    try:
        yield settings, store
    finally:
        store.close()


def say(told: object, text: str, as_json: bool) -> None:
    """Print the answer, as JSON or in words."""
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else text)


def fail(kind: str, message: str, as_json: bool, code: int) -> None:
    """Print what is wrong and end with a code: 2 the input is wrong, 1 it failed."""
    if as_json:
        click.echo(json.dumps({"kind": kind, "message": message}, ensure_ascii=False))
    else:
        click.echo(f"healthpost: {message}", err=True)
    sys.exit(code)
