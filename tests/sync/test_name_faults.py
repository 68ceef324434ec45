"""The catalogue of faults names what the worlds do, and the documentation what is tested."""

from __future__ import annotations

from pathlib import Path

import feed_mutants
import files_mutants
import link_mutants
import pytest

from sync.simulation import feed_world, files_world
from sync.simulation.catalogue import ALWAYS, FAULTS, INVARIANTS
from sync.simulation.misfortunes import MISFORTUNES

HAPPENS = {
    "link": set(MISFORTUNES),
    "feed": set(feed_world.CHANCES),
    "files": set(files_world.CHANCES),
}
MUTANTS = [*link_mutants.MUTANTS.values(), *feed_mutants.MUTANTS.values()]
MUTANTS += files_mutants.MUTANTS.values()


@pytest.mark.parametrize("world", HAPPENS)
def test_every_misfortune_is_in_the_catalogue_and_no_other(world: str) -> None:
    named = {name for one in FAULTS if one.world == world for name in one.by} - {ALWAYS}
    assert named == HAPPENS[world]


def test_every_invariant_that_a_mutant_breaks_is_explained() -> None:
    broken = {name for one in MUTANTS for name in one.breaks.split()}
    assert broken <= set(INVARIANTS)


def test_every_invariant_of_the_code_is_explained() -> None:
    folder = Path(feed_world.__file__).parent
    code = "".join(file.read_text() for file in folder.glob("*.py"))
    used = {part for part in code.split('"') if part[:1] == "I" and part[1:].isdigit()}
    assert used == set(INVARIANTS)
