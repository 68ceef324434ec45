"""A rule of a site, written for tests: it finds a systolic pressure from a limit on urgent."""

from __future__ import annotations

from pathlib import Path

_TABLE = """
id = "site_pressure"
version = "{version}"
status = "draft"
title = "Pressure at this site"
citations = ["Agreed at this site, 2026"]
licence = "Ours."
from_memory = []
reviewers = []
missing = "ask"
respond_to = "band"

[[input]]
fact = "sbp"
code = "8480-6"
unit = "mm[Hg]"
step = 1
max_age_min = 30

{step}
[[output]]
name = "band"

[[response]]
to = "low"
level = "routine"
staff = "Go on."

[[response]]
to = "high"
level = "urgent"
staff = "Ask a clinician."
patient = "Please stay here."
"""

_LOOKUP = """
[[lookup]]
name = "band"
of = "sbp"
step = 1
bands = [
    {{ most = {below}, gives = "low" }},
    {{ least = {limit}, gives = "high" }},
]
"""

_FORMULA = """
[[formula]]
name = "shown"
function = "{formula}"
of = ["sbp"]
"""


def write(home: Path, version: str, limit: int, *, formula: str = "") -> Path:
    """Write the rule into a box's home; with `formula` it also works that out, and may fail."""
    step = _LOOKUP.format(below=limit - 1, limit=limit)
    if formula:
        step += _FORMULA.format(formula=formula) + '\n[[output]]\nname = "shown"\n'
    file = home / "rules" / "site_pressure.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(_TABLE.format(version=version, step=step), "utf-8")
    return file
