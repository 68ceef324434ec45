"""Secrets that a verb needs: asked for at the terminal, or read from a file or standard input.

Never from the command line: every user of the machine can read there what was typed, in the list
of processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edge.process.start import os_words

STANDARD_INPUT = Path("-")
LONGEST = 4096
"""Bytes: longer than any PIN, password or claim."""

F = TypeVar("F", bound=Callable[..., Any])


class SecretMissing(click.UsageError):
    """Nobody is there to be asked, and no file was named."""


def secret_option(name: str, what: str) -> Callable[[F], F]:
    """Return a decorator: `--NAME-file FILE`, and a sentence for whoever types `--NAME SECRET`."""
    in_file = click.option(
        f"--{name}-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=f"Where {what} stands; - is standard input. Asked for when missing.",
    )
    refused = click.option(
        f"--{name}", hidden=True, expose_value=False, callback=_refusal(name, what)
    )
    return lambda command: in_file(refused(command))


def read_secret(file: Path | None, name: str, what: str, *, hidden: bool = True) -> str:
    """Return the first line of the file, or what is typed; raises `click.UsageError`.

    Without a file it is asked for at a terminal (twice when `hidden`), else read from standard
    input.
    """
    if file is None and sys.stdin.isatty():
        label = what.removeprefix("the ").capitalize()
        return str(click.prompt(label, hide_input=hidden, confirmation_prompt=hidden, err=True))
    try:
        text = sys.stdin.read(LONGEST) if file in (None, STANDARD_INPUT) else _head(file)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {os_words(error)}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file or STANDARD_INPUT} is not text in UTF-8") from error
    line = text.strip().partition("\n")[0].strip()
    if not line:
        where = "standard input" if file in (None, STANDARD_INPUT) else str(file)
        raise SecretMissing(f"{what} is missing: {where} is empty. {_how(name)}")
    return line


def _head(file: Path | None) -> str:
    assert file is not None
    with file.open(encoding="utf-8") as opened:
        return opened.read(LONGEST)


def _refusal(name: str, what: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def refuse(_context: click.Context, _parameter: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(
                f"everybody on this machine can read {what} on a command line. {_how(name)}"
            )

    return refuse


def _how(name: str) -> str:
    return (
        f"Leave --{name} out to be asked for it, or name a file with --{name}-file"
        " (- for standard input)."
    )
