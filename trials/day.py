"""`scripts/trials day [--days 20] [--patients 60] [--from 1]`: days with devices of bad habits.

A part is one day with a seed of its own: clocks that stand and fall back, a meter that is reset,
analysers that count anew, scans that stutter. An oracle knows what each body really had. The suite
lives one day.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Figures, Part, Trial, carry_out
from trials.pytest_part import last_json, pytest_part


def main(arguments: Sequence[str]) -> int:
    """Live so many days; return 0 when nothing was lost, swapped, doubled or doubted wrongly."""
    parser = argparse.ArgumentParser(prog="scripts/trials day", description=__doc__)
    parser.add_argument("--days", type=int, default=20, help="how many (20)")
    parser.add_argument("--patients", type=int, default=60, help="how many a day (60)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed (1)")
    chosen = parser.parse_args(arguments)
    last = chosen.first + chosen.days - 1
    parts = [_part(seed, chosen.patients) for seed in range(chosen.first, last + 1)]
    plan = f"seeds {chosen.first} to {last}, {chosen.patients} patients each"
    return carry_out(Trial("day", plan, parts))


def _part(seed: int, patients: int) -> Part:
    environment = {"HEALTHPOST_DAY": f"{seed}x{patients}"}
    return pytest_part(f"seed {seed}", "tests/system/test_day_of_sixty.py", environment, _figures)


def _figures(text: str) -> Figures:
    told = last_json(text)
    return {name: int(str(told[name])) for name in ("patients", "readings", "marked")}
