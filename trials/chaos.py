"""`scripts/trials chaos [--plans 20] [--from 100] [--steps 40]`: real processes, many misfortunes.

Each plan is drawn from its seed; three boxes live through it, and the invariants I1 to I12 must
hold. The suite runs one plan of five steps.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Part, Trial, carry_out
from trials.pytest_part import counted, pytest_part


def main(arguments: Sequence[str]) -> int:
    """Run the plans one after another; return 0 when every one passed."""
    parser = argparse.ArgumentParser(prog="scripts/trials chaos", description=__doc__)
    parser.add_argument("--plans", type=int, default=20, help="how many (20)")
    parser.add_argument("--from", type=int, default=100, dest="first", help="the first seed (100)")
    parser.add_argument("--steps", type=int, default=40, help="misfortunes in a plan (40)")
    chosen = parser.parse_args(arguments)
    last = chosen.first + chosen.plans - 1
    parts = [_part(seed, chosen.steps) for seed in range(chosen.first, last + 1)]
    plan = f"seeds {chosen.first} to {last}, {chosen.steps} misfortunes each"
    return carry_out(Trial("chaos", plan, parts))


def _part(seed: int, steps: int) -> Part:
    environment = {"HEALTHPOST_CHAOS": f"{seed}x1x{steps}"}
    return pytest_part(
        f"plan {seed}", "tests/system/test_chaos.py", environment, counted("plans", 1)
    )
