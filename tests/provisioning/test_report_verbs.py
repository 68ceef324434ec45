"""`healthpost report`: words, JSON, files, errors and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.reports import box_facts
from edge.settings.box_settings import Settings
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.cli import main

MONTH = "2024-10"


@pytest.fixture
def box(tmp_path: Path) -> Settings:
    return init_box(tmp_path / "box", "Chak 14")


def run(box: Settings, *words: str) -> Result:
    environment = {"HEALTHPOST_HOME": str(box.home)}
    return CliRunner(env=environment).invoke(main, ["report", "--month", *words])


def test_the_numbers_are_printed_in_words_and_as_json(box: Settings) -> None:
    words = run(box, MONTH)
    assert words.exit_code == 0
    assert "The month is not closed." in words.output
    assert "Blood pressure controlled" in words.output
    found = json.loads(run(box, MONTH, "--json").output)
    assert found["report"]["month"] == MONTH
    assert found["closed"] == []
    assert found["quality"]["readings"] == 0


def test_a_month_is_closed_once_and_stated_again_only_with_a_difference(box: Settings) -> None:
    assert run(box, MONTH, "--close").exit_code == 0
    again = run(box, MONTH, "--close", "--json")
    assert (again.exit_code, json.loads(again.output)["kind"]) == (1, "closed")
    same = run(box, MONTH, "--restate", "--why", "late", "--json")
    assert (same.exit_code, json.loads(same.output)["kind"]) == (1, "same")
    store = Store.open(box.database)
    assert store.scalar("SELECT count(*) FROM month_statement") == 1
    store.close()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["2026-13"], "request"),
        (["2999-01"], "request"),
        (["2999-01", "--csv"], "request"),
        ([MONTH, "--csv", "--adx"], "request"),
        ([MONTH, "--csv", "--close"], "request"),
        ([MONTH, "--dhis2"], "mapping"),
        ([MONTH, "--adx"], "mapping"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_two(
    box: Settings, words: list[str], kind: str
) -> None:
    answer = run(box, *words, "--json")
    assert answer.exit_code == 2
    assert json.loads(answer.output)["kind"] == kind


def test_the_running_month_is_told_from_one_that_is_over(box: Settings) -> None:
    store = Store.open(box.database)
    month = box_facts.today(store, store.clock().now())[:7]
    store.close()
    running = run(box, month, "--json")
    assert running.exit_code == 0
    assert f"{month} is not over" in running.stderr
    assert json.loads(running.stdout)["report"]["month"] == month
    assert run(box, MONTH).stderr == ""


def test_a_file_is_written_where_it_was_asked_for(box: Settings, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    assert run(box, MONTH, "--csv", "--no-bom", "--output", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"month,name,section")
    assert run(box, MONTH, "--csv").stdout_bytes.startswith(b"\xef\xbb\xbfmonth")
