"""Every known mistake in the files' lane makes its seeded world fail."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from files_mutants import MUTANTS
from mutants import first_caught

from sync.simulation.files_world import run

pytestmark = pytest.mark.long


def _run(seed: int, _ends: object, often: Mapping[str, float] | None) -> object:
    return run(seed, often)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_caught(MUTANTS[name], _run, monkeypatch) is not None
