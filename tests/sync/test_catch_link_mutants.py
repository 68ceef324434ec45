"""Every known mistake in the up-link makes the seeded world fail."""

from __future__ import annotations

import pytest
from link_mutants import MUTANTS
from mutants import first_caught

from sync.simulation import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_caught(MUTANTS[name], run, monkeypatch) is not None
