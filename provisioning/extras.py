"""Which half of Healthpost is installed, and what a verb of the missing half answers.

The package has two extras: `healthpost[box]` and `healthpost[hospital]`. What each wants is written
in `setup.py` alone; here it is read from the installed package's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import click

from provisioning.errors import InputError
from provisioning.output import speaks_json

BOX, HOSPITAL = "box", "hospital"

VERBS: Mapping[str, tuple[str, ...]] = {
    "acknowledge": (BOX,),
    "assess": (BOX,),
    "bundle": (BOX,),
    "checkup": (BOX,),
    "decode": (),
    "demo": (BOX, HOSPITAL),
    "devices": (BOX,),
    "enrol": (BOX,),
    "hospital": (HOSPITAL,),
    "init": (BOX,),
    "link": (BOX,),
    "programmes": (BOX,),
    "report": (BOX,),
    "restore": (BOX,),
    "rules": (BOX,),
    "run": (BOX,),
    "staff": (BOX,),
    "status": (BOX,),
}
"""The extras that each verb of `healthpost` needs."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+).*;.*\bextra == [\"']([a-z]+)[\"']")


def missing(verb: str) -> str | None:
    """Return the extra that a verb needs and that is not installed; None when it has all."""
    return next((extra for extra in VERBS.get(verb, ()) if not _is_installed(extra)), None)


def absent(verb: str, extra: str) -> click.Command:
    """Return a command that takes any words, and says what to install; it ends with 2."""

    @click.command(
        verb,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
        short_help=f"Not installed here: it comes with healthpost[{extra}].",
    )
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    @speaks_json
    def answer(**_: Any) -> None:
        raise InputError(
            "not-installed",
            f"`healthpost {verb}` needs the extra `{extra}`, which is not installed here:"
            f" pip install 'healthpost[{extra}]'",
        )

    return answer


def _is_installed(extra: str) -> bool:
    return all(_has(name) for name in _packages(extra))


def _packages(extra: str) -> list[str]:
    found = (_REQUIREMENT.match(text) for text in requires("healthpost") or ())
    return [match[1] for match in found if match and match[2] == extra]


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
