"""`scripts/trials soak [--days 5] [--from 1] [--seconds 300]`: a fleet lives through many days.

Each part is a day of sixty patients with a seed of its own, as `scripts/soak` runs one. The suite
runs one of half a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Figures, Part, Trial, carry_out
from trials.pytest_part import last_json

NAMES = {"measured": "measured", "readings": "readings", "unplugged": "times unplugged"}


def main(arguments: Sequence[str]) -> int:
    """Live through the days; return 0 when nothing was lost or restarted."""
    parser = argparse.ArgumentParser(prog="scripts/trials soak", description=__doc__)
    parser.add_argument("--days", type=int, default=5, help="how many (5)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed (1)")
    parser.add_argument("--seconds", type=int, default=300, help="a day's length (300)")
    chosen = parser.parse_args(arguments)
    last = chosen.first + chosen.days - 1
    parts = [_part(seed, chosen.seconds) for seed in range(chosen.first, last + 1)]
    plan = f"seeds {chosen.first} to {last}, a day in {chosen.seconds} s"
    return carry_out(Trial("soak", plan, parts))


def _part(seed: int, seconds: int) -> Part:
    given = ("--seed", str(seed), "--seconds", str(seconds), "--json")
    return Part(f"day {seed}", ("-m", "benchmarks.soak", *given), _read)


def _read(text: str) -> Figures:
    told = last_json(text)
    return {"days": 1} | {words: float(str(told[name])) for name, words in NAMES.items()}
