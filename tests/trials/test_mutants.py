"""The mistakes that are put into code: each is one change that compiles, named so that it stays."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from trials import mutants
from trials.mutation import Mutant
from trials.mutation import mutants as made_of

SOURCE = '''
"""What it is for."""

LIMIT = 3
Pair = tuple[int, int]


def reach(store, seq, *, least=1):
    """Say how far it is."""
    if seq > LIMIT and not store.full:
        raise StoreError("it is too far")
    log.warning("so far: %d", seq)
    store.execute("DELETE FROM outbox WHERE lane = ? AND seq <= ? AND tray IS NOT 'waiting'", [])
    return max(seq + least, store.first)
'''


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Mutant]:
    (tmp_path / "module.py").write_text(SOURCE)
    return {m.name.partition("`: ")[2]: m for m in made_of(tmp_path, "module.py")}


def test_each_kind_of_mistake_is_made(found: dict[str, Mutant]) -> None:
    assert set(found) == {
        "3 becomes 4",
        "1 becomes 2",
        "and becomes or",
        "without `seq > LIMIT`",
        "without `not store.full`",
        "> becomes >=",
        "> becomes <=",
        "without not",
        "not raised",
        "left out",
        "SQL: `<=` becomes `<`",
        "SQL: `AND` becomes `OR`",
        "SQL: `AND` becomes `OR` (place 2)",
        "SQL: `IS NOT` becomes `IS`",
        "SQL: `AND seq <= ?` becomes ``",
        "SQL: `AND tray IS NOT 'waiting'` becomes ``",
        "returns None",
        "max becomes min",
        "+ becomes -",
        ".first becomes .last",
    }


def test_a_mutant_is_the_module_with_this_one_change(
    found: dict[str, Mutant], tmp_path: Path
) -> None:
    whole = ast.unparse(ast.parse(SOURCE))
    for mutant in found.values():
        tree = mutant.tree(tmp_path)
        compile(tree, "module.py", "exec")
        assert ast.unparse(tree) != whole
    assert "seq - least" in ast.unparse(found["+ becomes -"].tree(tmp_path))
    assert found["+ becomes -"].function == "reach"
    assert found["3 becomes 4"].function == found["1 becomes 2"].function == ""


def test_the_sample_holds_600_and_is_the_same_every_time() -> None:
    sample = mutants.draw(0.3, 38)
    assert len(sample) >= 600
    assert [m.name for m in mutants.draw(0.3, 38)] == [m.name for m in sample]
    assert {m.file for m in sample} >= set(mutants.TARGETS) - {"sync/core/__init__.py"}


def test_every_explanation_is_of_a_mutant_that_there_is() -> None:
    """A line that has changed since asks for a new look."""
    names = {m.name for m in mutants.draw(1.0, 38)}
    told = mutants.explained()
    assert told
    assert told - names == set()
