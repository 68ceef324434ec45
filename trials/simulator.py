"""`scripts/trials simulator [--seeds 200000] [--from 0] [--world all]`: seeded worlds of the link.

The suite runs the first 2,000 seeds of each world.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence

from sync.simulation.__main__ import WORLDS
from trials.parts import Figures, Part, Trial, carry_out

SEEDS_A_PART = 1_000


def main(arguments: Sequence[str]) -> int:
    """Run the seeds, a thousand in a part, on all cores; return 0 when none failed."""
    parser = argparse.ArgumentParser(prog="scripts/trials simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200_000, help="of each world (200000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (0)")
    parser.add_argument("--world", choices=[*WORLDS, "all"], default="all", help="which (all)")
    chosen = parser.parse_args(arguments)
    worlds = list(WORLDS) if chosen.world == "all" else [chosen.world]
    end = chosen.first + chosen.seeds
    parts = [
        _part(world, first, min(SEEDS_A_PART, end - first))
        for first in range(chosen.first, end, SEEDS_A_PART)
        for world in worlds
    ]
    plan = f"{', '.join(worlds)}: seeds {chosen.first} to {end - 1} of each"
    return carry_out(Trial("simulator", plan, parts, workers=os.cpu_count() or 1))


def _part(world: str, first: int, seeds: int) -> Part:
    given = ("--world", world, "--from", str(first), "--seeds", str(seeds))
    return Part(f"{world} {first}", ("-m", "sync.simulation", *given), _read)


def _read(text: str) -> Figures:
    found = re.search(r"(\d+) seeds in ([\d.]+) s of CPU, (\d+) failed", text)
    if found is None:
        raise ValueError("no figures")
    return {"seeds": int(found[1]), "s of CPU": float(found[2]), "failed": int(found[3])}
