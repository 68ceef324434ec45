"""Reports of people who do this work: each row of `workflow.jsonl` is driven as they describe it.

A row has `id`, `source`, `about`, `how`, `expect` and `why`. Its function stands in the table of
one of the modules below; a row of which the product is not capable yet names the issue that brings
it (`later`) and is skipped.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import care_cases
import command_cases
import people_cases
import pytest
import repetition_cases
import report_cases
import screen_cases
import store_cases

ROWS = [
    json.loads(line)
    for line in Path(__file__).with_name("workflow.jsonl").read_text(encoding="utf-8").splitlines()
]
CASES = (
    screen_cases.CASES
    | people_cases.CASES
    | command_cases.CASES
    | repetition_cases.CASES
    | store_cases.CASES
    | care_cases.CASES
    | report_cases.CASES
)
KEYS = {"id", "source", "about", "how", "expect", "why"}


@pytest.mark.system
@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_report_is_answered(row: dict[str, object], request: pytest.FixtureRequest) -> None:
    if "later" in row:
        pytest.skip(f"issue {row['later']}")
    drive = CASES[str(row["id"])]
    drive(**{name: request.getfixturevalue(name) for name in inspect.signature(drive).parameters})


def test_every_row_has_a_function_or_the_issue_that_brings_it() -> None:
    driven = [row["id"] for row in ROWS if "later" not in row]
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert sorted(driven) == sorted(CASES)


def test_every_row_says_where_it_comes_from_and_what_is_right() -> None:
    for row in ROWS:
        assert row.keys() - {"later"} == KEYS, row["id"]
        assert all(str(text).strip() for text in row.values()), row["id"]
