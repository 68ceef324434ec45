"""`python -m sync.simulation --seeds 2000 --from 0`: run seeds, print the ones that fail."""

from __future__ import annotations

import argparse
import sys
import time

from sync.simulation import Outcome, Violation, run


def main(arguments: list[str] | None = None) -> int:
    """Run the seeds; return 1 when one failed."""
    parser = argparse.ArgumentParser(prog="sync.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many (200)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (0)")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    outcomes, failed = _run(range(options.first, options.first + options.seeds))
    took = time.monotonic() - started
    print(
        f"{options.seeds} seeds in {took:.1f} s: {sum(o.records for o in outcomes)} records, "
        f"{sum(o.frames for o in outcomes)} frames, {sum(o.forks for o in outcomes)} new epochs, "
        f"{failed} failed"
    )
    return 1 if failed else 0


def _run(seeds: range) -> tuple[list[Outcome], int]:
    outcomes, failed = [], 0
    for seed in seeds:
        try:
            outcomes.append(run(seed))
        except Violation as violation:
            failed += 1
            print(f"seed {seed}: {violation}", file=sys.stderr)
    return outcomes, failed


if __name__ == "__main__":
    sys.exit(main())
