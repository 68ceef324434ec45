"""`python -m benchmarks SUITE [--json]`: run one suite, or name them all."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import decode

SUITES: dict[str, Callable[[bool], int]] = {"decode": decode.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    return SUITES[chosen.suite](chosen.json)


if __name__ == "__main__":
    raise SystemExit(main())
