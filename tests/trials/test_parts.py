"""A trial in parts: it goes on where it was stopped, and its row tells what came of all parts."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from trials.__main__ import TRIALS
from trials.__main__ import Trial as Listed
from trials.parts import Figures, Part, Places, Trial, carry_out

HEAD = "# Trials\n"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "docs").mkdir()
    found = Places(tmp_path)
    found.page.write_text(HEAD)
    return found


def read(text: str) -> Figures:
    if "stop" in text:
        raise KeyboardInterrupt
    return {"seeds": float(text)}


def part(name: str, code: str) -> Part:
    """A part that leaves a line in the folder's `ran` each time that it is run."""
    return Part(name, ("-c", f"open('ran', 'a').write('{name} '); {code}"), read)


def test_a_trial_that_was_stopped_goes_on_where_it_was(places: Places) -> None:
    one, three = part("one", "print(3)"), part("three", "print(4)")
    trial = Trial("kill", "seeds 1 to 3", [one, part("two", "print('stop')"), three])
    with pytest.raises(KeyboardInterrupt):
        carry_out(trial, places)
    assert places.page.read_text() == HEAD
    again = replace(trial, parts=[one, part("two", "print(2)"), three])
    assert carry_out(again, places) == 0
    ran = (places.root / "ran").read_text().split()
    assert ran.count("one") == 1
    assert ran[-2:] == ["two", "three"]
    row = places.page.read_text().removeprefix(HEAD)
    assert row.endswith("| kill | unknown | seeds 1 to 3 | 0 failed, 9 seeds |\n")
    assert not places.state("kill").exists()


def test_another_plan_begins_anew(places: Places) -> None:
    one = part("one", "print(3)")
    with pytest.raises(KeyboardInterrupt):
        carry_out(Trial("kill", "a", [one, part("two", "print('stop')")]), places)
    assert carry_out(Trial("kill", "b", [one]), places) == 0
    assert (places.root / "ran").read_text().split()[-1] == "one"


def test_a_failed_part_fails_the_trial_and_stands_in_the_row(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [part("one", "print(3)"), part("two", "raise SystemExit('lost a reading')")]
    assert carry_out(Trial("kill", "a", parts), places) == 1
    assert places.page.read_text().endswith("| a | 1 failed, 3 seeds |\n")
    assert "two failed:\nlost a reading" in capsys.readouterr().err


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_trial_can_be_run_and_says_how(trial: Listed) -> None:
    module = importlib.import_module(trial.module)
    assert callable(module.main)
    assert module.__doc__.startswith(f"`scripts/trials {trial.name} [")
