"""How the verbs of a command line answer: in words or as JSON, with an exit code.

Exit 0: done; 2: the input is wrong; 1: it failed. With `--json` an error is {"kind", "message"}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

INPUT_IS_WRONG, FAILED = 2, 1
Command = Callable[..., None]
Verdict = tuple[str, int, str]
"""What kind of error it is, by a stable name, the exit code, and one sentence for a person."""


def speaking_json(
    expected: tuple[type[Exception], ...], judge: Callable[[Exception], Verdict]
) -> Callable[[Command], Command]:
    """Return a decorator: it gives a command `--json`, and turns expected errors into answers."""

    def speaks_json(command: Command) -> Command:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
        @wraps(command)
        def wrapped(*args: Any, as_json: bool, **kwargs: Any) -> None:
            try:
                command(*args, as_json=as_json, **kwargs)
            except expected as error:
                kind, code, sentence = judge(error)
                _fail(kind, sentence, as_json, code)

        return wrapped

    return speaks_json


def say(answer: object, text: str, as_json: bool) -> None:
    """Print the answer, as JSON or in words."""
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else text)


def _fail(kind: str, message: str, as_json: bool, code: int) -> None:
    if as_json:
        click.echo(json.dumps({"kind": kind, "message": message}, ensure_ascii=False))
    else:
        click.echo(f"healthpost: {message}", err=True)
    sys.exit(code)
