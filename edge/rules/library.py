"""The rules in use: the packaged tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from edge.rules.loader import load
from edge.rules.table import RuleTable


@cache
def rules() -> Mapping[str, RuleTable]:
    """Return every rule by its id."""
    folder = files("edge.rules").joinpath("tables")
    tables = sorted(
        (file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    )
    loaded = [load(text, name) for name, text in tables]
    return {rule.id: rule for rule in loaded}
