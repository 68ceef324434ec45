"""Style sheets and pictures: right-to-left safe, local, accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import kiosk_ui

ROOM = Path(kiosk_ui.__file__).parent
SHEETS = sorted((ROOM / "static").glob("*.css"))
CSS = "\n".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
TEMPLATES = sorted((ROOM / "pages").glob("*.html"))


def test_the_style_sheet_knows_no_left_and_right() -> None:
    physical = r"(?<![-\w])(left|right|(min-|max-)?(width|height)|top|bottom)\s*:|-left|-right"
    without_media = re.sub(r"@media[^{]*", "", CSS)
    assert [line for line in without_media.splitlines() if re.search(physical, line)] == []


def test_everything_is_local() -> None:
    for file in [*TEMPLATES, *SHEETS, ROOM / "static" / "kiosk.js"]:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http" not in re.sub(r"http-equiv", "", text), file
        assert " style=" not in text, file


def test_every_page_stands_beside_its_template() -> None:
    for page in (ROOM / "pages").glob("*.py"):
        if "render_template(" in page.read_text(encoding="utf-8"):
            beside = list((ROOM / "pages").glob(f"{page.stem}*.html"))
            assert beside, page


def test_the_readme_shows_pictures_that_exist_and_stay_small() -> None:
    root = ROOM.parent
    shown = re.findall(r"docs/screenshots/[-\w]+\.png", (root / "README.md").read_text("utf-8"))
    assert shown
    assert [name for name in shown if not (root / name).is_file()] == []
    sizes = [png.stat().st_size for png in (root / "docs" / "screenshots").glob("*.png")]
    assert sum(sizes) < 7_000_000


def test_every_icon_is_used() -> None:
    code = "".join(f.read_text(encoding="utf-8") for f in [*TEMPLATES, *ROOM.rglob("*.py")])
    unused = [
        icon.stem
        for icon in (ROOM / "static" / "icons").glob("*.svg")
        if f'"{icon.stem}"' not in code and f"icons/{icon.stem}.svg" not in code
    ]
    assert unused == []
