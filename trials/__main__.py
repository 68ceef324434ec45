"""`python -m trials [NAME [arguments]]`: run one trial, or list them all."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial: `module` has `main(arguments) -> exit code` and is loaded only when it is run."""

    name: str
    module: str
    what: str

    def run(self, arguments: Sequence[str]) -> int:
        """Run it; return 0 when it passed."""
        main: Callable[[Sequence[str]], int] = importlib.import_module(self.module).main
        return main(arguments)


TRIALS = (
    Trial(
        "odd-machines",
        "trials.odd_machines",
        "the suite on a machine just booted, in other zones, locales and times, and busy",
    ),
    Trial("simulator", "trials.simulator", "200,000 seeded worlds of link, feed and files"),
    Trial("chaos", "trials.chaos", "real processes through many seeded plans of misfortunes"),
    Trial("absence", "trials.absence", "ninety days without a network, then 40 kbit/s"),
    Trial("soak", "trials.soak", "days of sixty patients with a fleet of devices"),
    Trial("day", "trials.day", "days of sixty patients with clocks, counters and scans that fail"),
    Trial("year", "trials.year", "a year of 2,000 patients at two boxes: both ends and SQL agree"),
    Trial("kill", "trials.kill", "thousands of kill -9 at any moment"),
    Trial("power", "trials.power", "tens of thousands of power cuts, replayed at any moment"),
    Trial("rules", "trials.rules", "clinical rules beside other implementations, seeded cases"),
    Trial("cql", "trials.cql_rules", "three rules of IMCI beside a twin in HL7's CQL"),
    Trial("mutants", "trials.mutants", "hundreds of mistakes put into the code; tests must fail"),
)


def main(arguments: Sequence[str]) -> int:
    """Run the trial that the first argument names; list all when it names none."""
    chosen = [trial for trial in TRIALS if arguments and trial.name == arguments[0]]
    if chosen:
        return chosen[0].run(arguments[1:])
    for trial in TRIALS:
        print(f"scripts/trials {trial.name:<14} {trial.what}")
    return 2 if arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
