"""The recipes of docs/how-to name files, modules and tables that exist, and count their files."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
RECIPES = [page for page in PAGES if page.name.startswith("add-")]

FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/(?:[\w*-]+\.[a-z]+|[\w.*-]*)")
DOTTED = re.compile(r"(?:edge|devices|sync|web|kiosk_ui|provisioning|hospital)(?:\.\w+)+")
TABLE_IN = re.compile(r"`([A-Z][A-Z_]{2,})`\s+(?:in|of)\s+`([\w/]+\.py)`")
ROW_OF = re.compile(r"`([\w/]+\.py)`: a row (?:at the end )?of `([A-Z][A-Z_]{2,})`")
PLACEHOLDER = re.compile(r"NAME|CODE")
COUNT = re.compile(r"^Files: (\d+) \(([^)]+)\)", re.MULTILINE)


def text(page: Path) -> str:
    return FENCED.sub("", page.read_text("utf-8"))


def spoken(page: Path) -> Iterator[str]:
    """The words in backticks, commands word by word."""
    for code in CODE.findall(text(page)):
        yield from (word.strip(",:;") for word in code.split())


def resolves(dotted: str) -> bool:
    """Whether a name is a module, or something in one."""
    module, _, rest = dotted.rpartition(".")
    try:
        importlib.import_module(dotted)
    except ModuleNotFoundError:
        try:
            return bool(module) and hasattr(importlib.import_module(module), rest)
        except ModuleNotFoundError:
            return False
    return True


def absent(page: Path) -> list[str]:
    """The paths and dotted names of a page that lead nowhere; NAME stands for any name."""
    paths = {word for word in spoken(page) if PATH.fullmatch(word)}
    names = {word for word in spoken(page) if DOTTED.fullmatch(word)} - paths
    lost = [path for path in paths if not any(ROOT.glob(PLACEHOLDER.sub("*", path).rstrip("/")))]
    return sorted(lost + [name for name in names if not resolves(name)])


def test_there_are_recipes() -> None:
    assert {"add-a-ble-model.md", "add-a-serial-protocol.md"} <= {page.name for page in RECIPES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_exists(page: Path) -> None:
    assert absent(page) == []


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_table_stands_in_the_file_that_a_recipe_names(page: Path) -> None:
    found = [*TABLE_IN.findall(text(page))]
    found += [(table, path) for path, table in ROW_OF.findall(text(page))]
    for table, path in found:
        assert re.search(rf"^{table}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE), table


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_recipe_counts_the_files_that_it_names(page: Path) -> None:
    count = COUNT.search(page.read_text("utf-8"))
    assert count, "no line 'Files: N (...)'"
    assert len(count[2].split(",")) == int(count[1])


@pytest.mark.parametrize(
    "code", ["edge/no_such.py", "scripts/nothing.sh", "devices.catalogue.NOTHING", "edge.nowhere"]
)
def test_a_name_that_leads_nowhere_is_found(code: str, tmp_path: Path) -> None:
    page = tmp_path / "add-nothing.md"
    page.write_text(f"See `{code}`, `devices/catalogue/` and `devices.catalogue.MODELS`.")
    assert absent(page) == [code]
