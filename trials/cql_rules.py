"""`scripts/trials cql [--count 20000] [--seed 1]`: three rules of IMCI beside a twin in CQL.

`trials/cql/imci.cql` writes fast breathing, temperature and danger signs a second time, in HL7's
Clinical Quality Language; `@cqframework/cql` translates it and `cql-execution` runs it (both
Apache-2.0, in `.trials/cql`, never a dependency). Facts are left out at random: CQL counts with
null as with "not known", so that its answer is known exactly where ours is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from edge.rules import rules
from edge.rules.engine import assess
from trials.parts import ROOT, Figures, Part, Trial, carry_out
from trials.pytest_part import last_json

PACKAGES = ("@cqframework/cql@5.3.0", "cql-execution@3.3.2")
KEPT = ROOT / ".trials" / "cql"
PROGRAM = ROOT / "trials" / "cql" / "run.mjs"

SIGNS = {
    "convulsion": "convulsion",
    "lethargic": "lethargic",
    "unable_to_drink": "drinks",
    "vomits_everything": "vomits",
    "stridor": "stridor",
    "chest_indrawing": "indrawing",
    "moves_only_when_touched": "still",
    "not_feeding_well": "feeds",
}
"""Our words for the danger signs, and those of the twin."""

ASKED = {
    "imci_fast_breathing": "fast_breathing",
    "imci_temperature": "category",
    "imci_danger_signs": "danger_sign",
}
"""Each rule with the value of its result that is compared."""


def main(arguments: Sequence[str]) -> int:
    """Compare; return 0 when the twin never disagrees."""
    parser = argparse.ArgumentParser(prog="scripts/trials cql", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="children (20000)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the children (1)")
    parser.add_argument("--part", action="store_true", help="print the figures of this seed")
    chosen = parser.parse_args(arguments)
    if chosen.part:
        return _part(chosen.seed, chosen.count)
    if not (KEPT / "node_modules" / "cql-execution").exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", KEPT, *PACKAGES], check=True)
    told = ("--part", "--seed", str(chosen.seed), "--count", str(chosen.count))
    part = Part(f"seed {chosen.seed}", ("-m", "trials", "cql", *told), _read)
    plan = f"{', '.join(ASKED)}: {chosen.count:,} children, seed {chosen.seed}"
    return carry_out(Trial("cql", plan, [part]))


def children(seed: int, count: int) -> list[dict[str, object]]:
    """Return facts of children under five; what is not told is missing."""
    random = Random(seed)
    return [_child(random) for _ in range(count)]


def _child(random: Random) -> dict[str, object]:
    told: dict[str, object] = {
        "rr": random.choice((39, 40, 49, 50, 59, 60, random.randint(4, 120))),
        "rr_second": random.choice((59, 60, random.randint(4, 120))),
        "axillary_temp_c": str(Decimal(random.choice((354, 355, 379, 380, 385, 410, 374))) / 10),
        **{sign: random.random() < 0.15 for sign in SIGNS},
    }
    known = {name: value for name, value in told.items() if random.random() < 0.8}
    return known | {"age_months": random.randint(0, 59)}


def differences(asked: Sequence[Mapping[str, object]], answers: Sequence[Any]) -> list[str]:
    """Return what ours says otherwise than the twin, in words."""
    found = []
    for child, answer in zip(asked, answers, strict=True):
        facts = {
            name: Decimal(str(value)) if name == "axillary_temp_c" else value
            for name, value in child.items()
        }
        for rule, name in ASKED.items():
            ours = assess(rules()[rule], facts).result[name]
            if ours != answer[name]:
                found.append(f"{rule}: {answer[name]!r}, ours {ours!r}: {child}")
    return found


def _twin(asked: Sequence[Mapping[str, object]]) -> list[Any]:
    given = [
        {
            "ageInMonths": child["age_months"],
            "breaths": child.get("rr"),
            "again": child.get("rr_second"),
            "temperature": _number(child.get("axillary_temp_c")),
            **{theirs: child.get(ours) for ours, theirs in SIGNS.items()},
        }
        for child in asked
    ]
    done = subprocess.run(
        ["node", PROGRAM, KEPT / "own.js"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the twin failed:\n{done.stderr}")
    answers: list[Any] = json.loads(done.stdout)
    return answers


def _number(text: object) -> float | None:
    return None if text is None else float(str(text))


def _part(seed: int, count: int) -> int:
    asked = children(seed, count)
    found = differences(asked, _twin(asked))
    print("\n".join(found[:20]), file=sys.stderr)
    print(json.dumps({"children": len(asked), "disagreements": len(found)}))
    return 1 if found else 0


def _read(text: str) -> Figures:
    told = last_json(text)
    return {
        "failed": float(str(told["disagreements"])),
        "answers": float(str(told["children"])) * len(ASKED),
    }
