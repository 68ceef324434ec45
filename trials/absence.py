"""`scripts/trials absence [--days 90]`: so long without a network, then a line of 40 kbit/s.

It lasts minutes and is one part: what was stopped begins anew. The suite lives through sixteen
days.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trials.parts import Figures, Trial, carry_out
from trials.pytest_part import last_json, pytest_part

NAMES = {
    "days": "days",
    "readings": "readings",
    "records": "records",
    "drain_s": "s until all was confirmed",
    "feed_s": "s more until the feed agreed",
    "bytes_up": "B up",
    "bytes_down": "B down",
    "bytes_before_the_alert": "B of bulk frames before the alert",
}


def main(arguments: Sequence[str]) -> int:
    """Live through the days; return 0 when everything arrived, the alert first."""
    parser = argparse.ArgumentParser(prog="scripts/trials absence", description=__doc__)
    parser.add_argument("--days", type=int, default=90, help="how many (90)")
    chosen = parser.parse_args(arguments)
    environment = {"HEALTHPOST_ABSENCE": str(chosen.days)}
    part = pytest_part("absence", "tests/system/test_absence.py", environment, _read)
    return carry_out(Trial("absence", f"{chosen.days} days, seed 1", [part]))


def _read(text: str) -> Figures:
    told = last_json(text)
    return {words: float(str(told[name])) for name, words in NAMES.items() if name in told}
