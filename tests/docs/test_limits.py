"""Every module that cuts a list by a query stands in docs/limits.md, with the end and the rest."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "devices", "sync", "web", "kiosk_ui", "provisioning", "hospital")
CUT = re.compile(r"\bLIMIT (?!1\b)(?:\?|\d|\{)")


def cutting() -> set[str]:
    return {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if CUT.search(file.read_text(encoding="utf-8"))
    }


def test_every_limit_of_a_query_is_in_the_table() -> None:
    listed = set(re.findall(r"`([a-z_/]+\.py)`", (ROOT / "docs/limits.md").read_text("utf-8")))
    assert cutting() - listed == set()
    assert {name for name in listed if not (ROOT / name).exists()} == set()
