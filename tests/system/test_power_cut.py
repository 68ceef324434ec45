"""The power is cut at any moment: what was promised is there, the rest is whole or absent.

`HEALTHPOST_POWER=WORK:SEEDxCUTS` makes one sample longer, as `scripts/trials power` does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import power_work
import pytest
from power_cut import Event, Lost, compiled, cuts, traced

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

PROGRAM = power_work.__file__
CUTS = {"box": 60, "archive": 60, "copies": 60, "keys": 80, "stick": 80}
CAUGHT_WITHIN = 400

Trace = Callable[..., tuple[list[Event], Path]]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """Give what a work does to the disk, with or without a wrong pragma; each is done once."""
    folder = tmp_path_factory.mktemp("power")
    library = compiled(folder)
    made: dict[tuple[str, ...], tuple[list[Event], Path]] = {}

    def trace(*work: str) -> tuple[list[Event], Path]:
        if work not in made:
            root = folder / " ".join(work) / "disk"
            root.mkdir(parents=True)
            name, *wrong = work
            made[work] = traced(library, root, [PROGRAM, name, str(root), *wrong]), root
        return made[work]

    return trace


def first_failure(
    trace: tuple[list[Event], Path], work: str, many: int, seed: int, lost: Lost | None = None
) -> str | None:
    """Return what the first cut breaks, None when all is as it was promised."""
    events, root = trace
    promises = power_work.promises_of(events)
    for cut in cuts(events, root, root.with_name("left"), many, seed, lost):
        try:
            power_work.WORKS[work].check(cut, promises)
        except Exception as error:  # whatever the product's own opener says is a loss
            return f"{work}, cut {cut.name}: {type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("work", CUTS)
def test_a_power_cut_loses_nothing_that_was_promised(work: str, trace: Trace) -> None:
    asked, _, size = os.environ.get("HEALTHPOST_POWER", f"{work}:1x{CUTS[work]}").partition(":")
    if asked != work:
        pytest.skip("the trial asks for another work")
    seed, _, many = size.partition("x")
    failure = first_failure(trace(work), work, int(many), int(seed))
    assert failure is None, failure


def forgotten(kind: str, pattern: str) -> Lost:
    """Return how to leave out the flushes of files (S) or folders (D) of a pattern."""

    def lost(event: Event) -> bool:
        return event.kind == kind and fnmatch(event.path, pattern)

    return lost


FLUSHES = (
    ("box", "S", "*/box.db-wal"),
    ("box", "S", "*/files/.*.new"),
    ("box", "D", "*/files"),
    ("archive", "S", "*/archive.db-wal"),
    ("copies", "S", "*/backup/*.partial"),
    ("copies", "D", "*/backup"),
    ("copies", "S", "*/copies/*.part"),
    ("copies", "D", "*/copies"),
    ("keys", "S", "*/box/keys/*"),
    ("keys", "D", "*/box/keys"),
    ("keys", "S", "*/box/.healthpost.toml.new"),
    ("keys", "D", "*/box"),
    ("keys", "S", "*/hospital/*.new"),
    ("keys", "D", "*/hospital/*"),
    ("keys", "D", "*/disk"),
    ("stick", "S", "*-up-*.bundle.part"),
    ("stick", "S", "*-down.bundle.part"),
    ("stick", "D", "*/disk"),
)


@pytest.mark.parametrize(("work", "kind", "pattern"), FLUSHES)
def test_a_forgotten_flush_is_seen(work: str, kind: str, pattern: str, trace: Trace) -> None:
    lost = forgotten(kind, pattern)
    assert any(map(lost, trace(work)[0])), "there is no such flush"
    assert first_failure(trace(work), work, CAUGHT_WITHIN, 1, lost) is not None


@pytest.mark.parametrize(
    ("work", "wrong"),
    [("box", "synchronous = NORMAL"), ("archive", "synchronous = OFF")],
)
def test_a_commit_that_is_not_flushed_is_seen(work: str, wrong: str, trace: Trace) -> None:
    assert first_failure(trace(work, wrong), work, CAUGHT_WITHIN, 1) is not None
