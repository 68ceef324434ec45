"""Every known mistake in the feed and in merging makes their seeded world fail."""

from __future__ import annotations

import pytest
from feed_mutants import MUTANTS
from mutants import first_caught

from sync.simulation.feed_world import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_caught(MUTANTS[name], run, monkeypatch) is not None
