"""What kiosk and desk share exists once, is local and reads well from right to left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import web

STATIC = Path(web.__file__).parent / "static"
ROOT = STATIC.parent.parent
OWN = ("base.css", "polling.js")


def test_the_style_sheet_knows_no_left_and_right() -> None:
    physical = r"(?<![-\w])(left|right|(min-|max-)?(width|height)|top|bottom)\s*:|-left|-right"
    css = (STATIC / "base.css").read_text(encoding="utf-8")
    assert [line for line in css.splitlines() if re.search(physical, line)] == []


@pytest.mark.parametrize("name", OWN)
def test_everything_is_local(name: str) -> None:
    assert "http" not in (STATIC / name).read_text(encoding="utf-8")


def test_htmx_and_the_shared_files_exist_once() -> None:
    for name in ("htmx.min.js", *OWN):
        rooms = [found for room in ("kiosk_ui", "hospital") for found in (ROOT / room).rglob(name)]
        assert rooms == []
        assert (STATIC / name).is_file()


def test_the_works_of_others_are_named_with_their_licence() -> None:
    named = (STATIC / "LICENSES.md").read_text(encoding="utf-8")
    assert [file.name for file in STATIC.iterdir() if f"`{file.name}`" not in named] == [
        "LICENSES.md"
    ]
