"""`scripts/trials year [--people 2000] [--years 1] [--from 1]`: years of a clinic with two boxes.

A part is one year with a seed of its own: three programmes, missed visits, deaths, transfers,
corrections, linked records, a box ninety days late. Box, hospital and SQL over the archive must
count the same in every month. The suite lives a year of sixty people.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Figures, Part, Trial, carry_out
from trials.pytest_part import last_json, pytest_part


def main(arguments: Sequence[str]) -> int:
    """Live so many years; return 0 when all counts were the same."""
    parser = argparse.ArgumentParser(prog="scripts/trials year", description=__doc__)
    parser.add_argument("--people", type=int, default=2000, help="how many in a year (2000)")
    parser.add_argument("--years", type=int, default=1, help="how many (1)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed (1)")
    chosen = parser.parse_args(arguments)
    last = chosen.first + chosen.years - 1
    parts = [_part(seed, chosen.people) for seed in range(chosen.first, last + 1)]
    plan = f"seeds {chosen.first} to {last}, {chosen.people} people each"
    return carry_out(Trial("year", plan, parts))


def _part(seed: int, people: int) -> Part:
    environment = {"HEALTHPOST_YEAR": f"{people}x{seed}"}
    return pytest_part(f"seed {seed}", "tests/system/test_clinic_year.py", environment, _figures)


def _figures(text: str) -> Figures:
    told = last_json(text)
    return {name: int(str(told[name])) for name in ("people", "records", "registered", "dead")}
