"""`scripts/trials kill [--kills 2000] [--from 1]`: kill -9 of any process at any moment.

A part is a hundred kills of one running clinic and hospital, with a seed of its own. The suite
does fifty.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Part, Trial, carry_out
from trials.pytest_part import counted, pytest_part

KILLS_A_PART = 100


def main(arguments: Sequence[str]) -> int:
    """Kill so often; return 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="scripts/trials kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=2_000, help="how many (2000)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed (1)")
    chosen = parser.parse_args(arguments)
    many = max(1, chosen.kills // KILLS_A_PART)
    last = chosen.first + many - 1
    parts = [_part(seed) for seed in range(chosen.first, last + 1)]
    plan = f"seeds {chosen.first} to {last}, {KILLS_A_PART} kills each"
    return carry_out(Trial("kill", plan, parts))


def _part(seed: int) -> Part:
    environment = {"HEALTHPOST_KILLS": f"{seed}x{KILLS_A_PART}"}
    test = "tests/system/test_kill.py::test_many_kills_lose_nothing_and_double_nothing"
    return pytest_part(f"seed {seed}", test, environment, counted("kills", KILLS_A_PART))
