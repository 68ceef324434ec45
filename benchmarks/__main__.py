"""`python -m benchmarks SUITE [--json]`: run one suite, or name them all."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import decode


def _link(as_json: bool, quick: bool) -> int:
    from benchmarks.link.run import run  # it needs more than decoding does

    return run(as_json, quick)


def _memory(as_json: bool, _quick: bool) -> int:
    from benchmarks.memory import run

    return run(as_json)


def _parse(as_json: bool, _quick: bool) -> int:
    from benchmarks.parse import run

    return run(as_json)


def _month_close(as_json: bool, _quick: bool) -> int:
    from benchmarks.month_close import run

    return run(as_json)


def _frames(as_json: bool, _quick: bool) -> int:
    from benchmarks.frame_cost import run

    return run(as_json)


def _rules(as_json: bool, _quick: bool) -> int:
    from benchmarks.rules import run

    return run(as_json)


def _due(as_json: bool, _quick: bool) -> int:
    from benchmarks.due import run

    return run(as_json)


SUITES: dict[str, Callable[[bool, bool], int]] = {
    "decode": lambda as_json, _quick: decode.run(as_json),
    "due": _due,
    "frames": _frames,
    "link": _link,
    "memory": _memory,
    "month-close": _month_close,
    "parse": _parse,
    "rules": _rules,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--markdown", action="store_true", help="print tables, as without --json")
    parser.add_argument("--quick", action="store_true", help="link: fewer readings, fewer kills")
    chosen = parser.parse_args()
    return SUITES[chosen.suite](chosen.json, chosen.quick)


if __name__ == "__main__":
    raise SystemExit(main())
