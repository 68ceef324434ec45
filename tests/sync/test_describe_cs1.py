"""The pages of CS/1 say what the code does: tables, examples, and the published dictionary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cs1_example import PARTS, as_json
from cs1_tables import table

from sync.packing import zstd_dictionary

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("protocol-cs1.md", "packing.md")


@pytest.mark.parametrize("page", PAGES)
def test_tables_and_examples_are_fresh(page: str) -> None:
    """Make them anew with `cog -r docs/protocol-cs1.md docs/packing.md`."""
    command = [sys.executable, "-m", "cogapp", "--check", f"docs/{page}"]
    done = subprocess.run(command, cwd=DOCS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_published_dictionary_is_the_one_in_use() -> None:
    """It is for ever: another dictionary is another file and another first byte of the payload."""
    assert (DOCS / "cs1" / "zstd-dictionary-1.bin").read_bytes() == zstd_dictionary.content()


def test_the_published_example_is_fresh() -> None:
    """Make it anew with what `as_json` returns."""
    assert (DOCS / "cs1" / "example.json").read_text("utf-8") == as_json()


def test_every_part_of_the_example_is_shown() -> None:
    shown = "".join((DOCS / page).read_text("utf-8") for page in PAGES)
    assert [part for part in PARTS if f'block("{part}")' not in shown] == []


def test_a_table_has_a_line_for_each_row() -> None:
    assert table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
