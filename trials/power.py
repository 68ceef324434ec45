"""`scripts/trials power [--cuts 40000] [--from 1]`: the power is cut at any moment.

A part is a thousand cuts of one work with a seed of its own: the box's file with its photos and
copies, the hospital's archive and its copies, keys and settings, sticks. The suite does some
hundred. PostgreSQL keeps its own files; it is killed in the trial `kill`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Part, Trial, carry_out
from trials.pytest_part import counted, pytest_part

WORKS = ("box", "archive", "copies", "keys", "stick")
CUTS_A_PART = 1_000
TEST = "tests/system/test_power_cut.py::test_a_power_cut_loses_nothing_that_was_promised"


def main(arguments: Sequence[str]) -> int:
    """Cut the power so often; return 0 when nothing that was promised was lost."""
    parser = argparse.ArgumentParser(prog="scripts/trials power", description=__doc__)
    parser.add_argument("--cuts", type=int, default=40_000, help="how many (40000)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed (1)")
    chosen = parser.parse_args(arguments)
    many = max(1, chosen.cuts // CUTS_A_PART // len(WORKS))
    last = chosen.first + many - 1
    parts = [_part(work, seed) for seed in range(chosen.first, last + 1) for work in WORKS]
    plan = f"seeds {chosen.first} to {last}, {CUTS_A_PART} cuts each of {', '.join(WORKS)}"
    return carry_out(Trial("power", plan, parts))


def _part(work: str, seed: int) -> Part:
    environment = {"HEALTHPOST_POWER": f"{work}:{seed}x{CUTS_A_PART}"}
    name = f"{work}, seed {seed}"
    return pytest_part(name, f"{TEST}[{work}]", environment, counted("cuts", CUTS_A_PART))
