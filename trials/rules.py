"""`scripts/trials rules [--count 20000] [--seed 1]`: clinical rules beside other implementations.

Seeded cases are judged by our tables and by packages that others wrote
(`trials/requirements-rules.txt`), which live in `.trials/opinions`, an environment of their own.
The suite compares with kept answers of those packages; `--keep` asks them anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from edge.rules import rules
from edge.rules.assessment import plain
from edge.rules.engine import assess
from trials.parts import ROOT, Figures, Part, Trial, carry_out
from trials.pytest_part import last_json
from trials.rule_cases import ASKED, Case, cases

Answers = Mapping[str, Mapping[str, Any]]

PACKAGES = ROOT / "trials" / "requirements-rules.txt"
PROGRAM = ROOT / "trials" / "opinions.py"
KEPT = ROOT / "tests" / "vectors" / "opinions"
KEPT_SEED, KEPT_CASES = 2026, 400

Z_DIFFERENCE = 0.01
"""What two z-scores may differ: one of the packages rounds to 0.01."""

NUMBERS = frozenset({"age_days", "weight_kg", "height_cm", "muac_mm", "head_cm", "temp_c"})


def main(arguments: Sequence[str]) -> int:
    """Compare; return 0 when nobody disagrees."""
    parser = argparse.ArgumentParser(prog="scripts/trials rules", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="cases of each rule (20000)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the cases (1)")
    parser.add_argument("--keep", action="store_true", help="write the answers that the suite has")
    parser.add_argument("--part", choices=ASKED, help="only this rule, and print its figures")
    chosen = parser.parse_args(arguments)
    if chosen.part:
        return _part(chosen.part, chosen.seed, chosen.count)
    _prepare()
    if chosen.keep:
        return _keep()
    told = ("--seed", str(chosen.seed), "--count", str(chosen.count))
    parts = [Part(ask, ("-m", "trials", "rules", "--part", ask, *told), _read) for ask in ASKED]
    plan = f"{', '.join(ASKED)}: {chosen.count:,} cases each, seed {chosen.seed}"
    return carry_out(Trial("rules", plan, parts))


def differences(ask: str, case: Case, answers: Answers) -> list[str]:
    """Return what ours says otherwise than theirs, in words."""
    ours = judged(ask, case)
    return [
        f"{package}: {name} is {theirs!r}, ours {ours.get(name)!r}: {case}"
        for package, given in answers.items()
        for name, theirs in given.items()
        if not _same(ours.get(name), theirs)
    ]


def judged(ask: str, case: Case) -> Mapping[str, Any]:
    """Return the result of our rule for a case."""
    facts = {name: _fact(name, value) for name, value in case.items()}
    return dict(plain(assess(rules()[ask], facts).result))


def kept(ask: str) -> Iterable[tuple[Case, Answers]]:
    """Yield the kept cases of a rule with the answers of the packages."""
    for line in (KEPT / f"{ask}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["input"], row["answers"]


def _fact(name: str, value: object) -> object:
    return Decimal(str(value)) if name in NUMBERS else value


def _same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, Mapping):
        return isinstance(ours, Mapping) and all(
            _same(ours.get(name), value) for name, value in theirs.items()
        )
    if isinstance(theirs, float) and isinstance(ours, int | float):
        return abs(ours - theirs) <= Z_DIFFERENCE
    return bool(ours == theirs)


def _part(ask: str, seed: int, count: int) -> int:
    asked = list(cases(ask, seed, count))
    found: list[str] = []
    for case, answers in zip(asked, _opinions(ask, asked), strict=True):
        found += differences(ask, case, answers)
    print("\n".join(found[:20]), file=sys.stderr)
    print(json.dumps({"cases": len(asked), "disagreements": len(found)}))
    return 1 if found else 0


def _opinions(ask: str, asked: Iterable[Case]) -> list[Answers]:
    given = "\n".join(json.dumps({"ask": ask, "input": case}) for case in asked)
    done = subprocess.run(
        [_python(), PROGRAM], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the other implementations failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _keep() -> int:
    KEPT.mkdir(parents=True, exist_ok=True)
    for ask in ASKED:
        asked = list(cases(ask, KEPT_SEED, KEPT_CASES))
        rows = [
            json.dumps({"input": case, "answers": answers})
            for case, answers in zip(asked, _opinions(ask, asked), strict=True)
        ]
        (KEPT / f"{ask}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return 0


def _python() -> Path:
    return ROOT / ".trials" / "opinions" / "bin" / "python"


def _prepare() -> None:
    """Make the environment of the other implementations, once for each list of packages."""
    stamp = _python().parents[1] / "prepared"
    wanted = PACKAGES.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("preparing the other implementations (trials/requirements-rules.txt)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", _python().parents[1]], check=True)
    subprocess.run([_python(), "-m", "pip", "install", "-q", "-r", PACKAGES], check=True)
    stamp.write_text(wanted, encoding="utf-8")


def _read(text: str) -> Figures:
    told = last_json(text)
    return {
        "failed": float(str(told["disagreements"])),
        "cases": float(str(told["cases"])),
    }
