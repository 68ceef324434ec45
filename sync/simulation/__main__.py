"""`python -m sync.simulation --seeds 2000 --from 0`: run seeds, print the ones that fail."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Mapping

from sync.simulation import Violation, feed_world, files_world, world

WORLDS: Mapping[str, Callable[[int], object]] = {
    "link": world.run,
    "feed": feed_world.run,
    "files": files_world.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the seeds; return 1 when one failed."""
    parser = argparse.ArgumentParser(prog="sync.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many (200)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (0)")
    parser.add_argument("--world", choices=[*WORLDS, "all"], default="link", help="which (link)")
    options = parser.parse_args(arguments)
    names = list(WORLDS) if options.world == "all" else [options.world]
    seeds = range(options.first, options.first + options.seeds)
    logging.disable()  # a world is full of trouble that the code rightly complains of
    try:
        return 1 if sum([_run(name, seeds) for name in names]) else 0
    finally:
        logging.disable(logging.NOTSET)


def _run(name: str, seeds: range) -> int:
    started, failed = time.process_time(), 0
    for seed in seeds:
        try:
            WORLDS[name](seed)
        except Violation as violation:
            failed += 1
            print(f"{name}: seed {seed}: {violation}", file=sys.stderr)
    took = time.process_time() - started
    print(f"{name}: {len(seeds)} seeds in {took:.1f} s of CPU, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
