"""The checklists of the Stop page: five steps for each kind of danger, read from a table.

Rows are tried in their order: by the beginning of the rule's name, then by the parameter that was
judged; the last row is for everything else. The table is a draft until a clinician signs it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

STEPS_EACH: Final = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: its stable word, an English sentence and a second one, for translation."""

    word: str
    text: str
    more: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """What to do about one kind of danger; `rules` are beginnings of names of rules."""

    name: str
    rules: tuple[str, ...]
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]

    def is_for(self, rule: str, parameter: str) -> bool:
        """Whether the list is meant for what a rule found of a parameter."""
        if not self.rules and not self.parameters:
            return True
        return rule.startswith(self.rules) or parameter in self.parameters


def checklist_for(rule: str, parameter: str) -> Checklist:
    """Return the list for what a rule found."""
    return next(one for one in checklists() if one.is_for(rule, parameter))


@cache
def checklists() -> tuple[Checklist, ...]:
    """Return every list, in the order in which they are tried."""
    table, known = _table(), steps()
    return tuple(
        Checklist(
            row["name"],
            tuple(row.get("rules", ())),
            tuple(row.get("parameters", ())),
            tuple(known[word] for word in row["steps"]),
        )
        for row in table["checklist"]
    )


@cache
def steps() -> Mapping[str, Step]:
    """Return every step by its word."""
    rows = _table()["steps"]
    return {word: Step(word, row["text"], row["more"]) for word, row in rows.items()}


def is_draft() -> bool:
    """Whether nobody has signed the table."""
    return bool(_table()["status"] != "signed")


@cache
def _table() -> dict[str, Any]:
    path = files("edge.dangers").joinpath("checklists.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


KIOSK_TEXTS: Final = tuple(
    dict.fromkeys(text for step in steps().values() for text in (step.text, step.more))
)
"""What of this table the kiosk translates."""
