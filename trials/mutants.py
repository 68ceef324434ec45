"""`scripts/trials mutants [--share 0.3] [--seed 38] [--most 10]`: mistakes put into the code.

Each mutant is one changed operator, constant, call or clause of SQL in a module on which a promise
rests; the tests that run the changed line must fail. A mutant that lives must be explained in
docs/mutants.md, which says why it changes nothing that anybody could see. Which test runs which
line is found once and kept in `.trials/`; `--again` finds it anew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from trials.mutant_tests import read_maps
from trials.mutation import Mutant, mutants
from trials.parts import ROOT, Figures, Part, Trial, carry_out
from trials.pytest_part import last_json

TARGETS = (
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "sync" / "core").glob("*.py")),
    "edge/readings/intake.py",
    "edge/store/outbox.py",
    "edge/store/pruning.py",
    "hospital/receiving/custody.py",
    "hospital/patients/links.py",
    "hospital/patients/master_index.py",
    "hospital/patients/reviews.py",
)
TESTS = ("tests/conformance", "tests/edge", "tests/hospital", "tests/kiosk_ui", "tests/sync")

EXPLAINED = ROOT / "docs" / "mutants.md"
KEPT = ROOT / ".trials"
MAPS = KEPT / "mutants"
MANY = 60
"""So many mutants are in one part at most."""


def main(arguments: Sequence[str]) -> int:
    """Try the sample; return 0 when every mutant that lived is explained."""
    parser = argparse.ArgumentParser(prog="scripts/trials mutants", description=__doc__)
    parser.add_argument("--share", type=float, default=0.3, help="of all mutants (0.3)")
    parser.add_argument("--seed", type=int, default=38, help="of the sample (38)")
    parser.add_argument("--only", action="append", help="a module, or the beginning of some")
    parser.add_argument("--most", type=float, default=10, help="seconds of tests a mutant (10)")
    parser.add_argument("--again", action="store_true", help="find anew which test runs which line")
    parser.add_argument("--part", help="a part's job, as the trial itself calls it")
    parser.add_argument("--show", action="store_true", help="list the mutants and try none")
    chosen = parser.parse_args(arguments)
    if chosen.part:
        return _do(Path(chosen.part))
    sample = draw(chosen.share, chosen.seed, chosen.only)
    if chosen.show:
        print("\n".join(mutant.name for mutant in sample))
        return 0
    _make_maps(again=chosen.again)
    plan = f"{len(sample)} mutants, seed {chosen.seed}, of {', '.join(chosen.only or ['all'])}"
    return carry_out(Trial("mutants", plan, [_part(*job, chosen.most) for job in _jobs(sample)]))


def draw(share: float, seed: int, only: Sequence[str] | None = None) -> list[Mutant]:
    """Return a seeded share of all mutants, in the order of the modules.

    Each is drawn by its own name, so that a change of one line leaves the rest of the sample.
    """
    files = [f for f in TARGETS if not only or any(f.startswith(o) for o in only)]
    every = (mutant for file in files for mutant in mutants(ROOT, file))
    return [m for m in every if random.Random(f"{seed} {m.name}").random() < share]


def explained() -> set[str]:
    """Return the mutants that docs/mutants.md explains: the lines of its code blocks."""
    inside, found = False, set()
    for line in EXPLAINED.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            found.add(line)
    return found


def _jobs(sample: Sequence[Mutant]) -> list[tuple[str, Sequence[Mutant]]]:
    jobs: list[tuple[str, Sequence[Mutant]]] = []
    for file in dict.fromkeys(m.file for m in sample):
        own = [m for m in sample if m.file == file]
        for first in range(0, len(own), MANY):
            jobs.append((f"{file} {first}", own[first : first + MANY]))
    return jobs


def _part(name: str, sample: Sequence[Mutant], most: float) -> Part:
    (MAPS / "jobs").mkdir(parents=True, exist_ok=True)
    beginning = MAPS / "jobs" / f"{name.replace('/', '.').replace(' ', '-')}"
    job = beginning.with_name(beginning.name + ".job")
    results = beginning.with_name(beginning.name + ".jsonl")
    what = {
        "file": sample[0].file,
        "names": [m.name for m in sample],
        "maps": str(MAPS),
        "most": most,
    }
    job.write_text(json.dumps(what | {"results": str(results)}), encoding="utf-8")
    return Part(name, ("-m", "trials", "mutants", "--part", str(job)), _read)


def _read(text: str) -> Figures:
    return {name: float(str(value)) for name, value in last_json(text).items()}


def _do(job: Path) -> int:
    """Try one part's mutants; print its figures as JSON."""
    what = json.loads(job.read_text(encoding="utf-8"))
    results = Path(what["results"])
    results.unlink(missing_ok=True)
    chart = read_maps(MAPS)
    files = {t.partition("::")[0] for t, seen in chart.items() if what["file"] in seen["lines"]}
    if files:
        _pytest({"HEALTHPOST_MUTANT_JOB": str(job)}, sorted(files))
    found = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    lived = [one["name"] for one in found if one["lived"]]
    new = [name for name in lived if name not in explained()]
    for name in new:
        print(f"lived, and is not explained: {name}")
    figures = {"mutants": len(found), "died": len(found) - len(lived)}
    print(json.dumps(figures | {"explained": len(lived) - len(new), "failed": len(new)}))
    return 1 if new or len(found) != len(what["names"]) else 0


def _make_maps(*, again: bool) -> None:
    for tests in TESTS:
        file = MAPS / f"{Path(tests).name}.json"
        if again or not file.exists():
            print(f"which test of {tests} runs which line", flush=True)
            asked = {"MAP": str(file), "FILES": " ".join(TARGETS)}
            _pytest({f"HEALTHPOST_MUTANT_{name}": text for name, text in asked.items()}, [tests])


def _pytest(environment: dict[str, str], tests: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "trials.mutant_tests", "-p", "no:xdist"]
    command += ["-o", "tmp_path_retention_policy=none"]
    subprocess.run(
        [*command, *tests],
        env=os.environ | environment,
        cwd=ROOT,
        check=False,
        stdout=sys.stderr,
    )
