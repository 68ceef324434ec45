"""What a run found, as the tables that `docs/performance.md` holds: misses included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.link.targets import TARGETS, Target

Found = Mapping[str, Any]


def is_amiss(found: Found) -> bool:
    """Whether Healthpost lost or doubled anything anywhere."""
    runs = [*found.get("ours", {}).values(), *found.get("accept_killed", {}).values()]
    return any(run["lost"] or run["doubled"] for run in runs)


def judged(found: Found) -> list[Found]:
    """Return how every target stands."""
    return [_judged(target, found) for target in TARGETS]


def markdown(found: Found, rows: list[Found]) -> str:
    """Return all that is worth keeping of a run, as Markdown."""
    return "\n".join([*_targets(rows), "", *_contenders(found), "", *_notes(found)])


def _judged(target: Target, found: Found) -> Found:
    about = {"what": target.what, "must": target.must, "aim": target.aim, "least": target.least}
    try:
        value = target.value(found)
    except (KeyError, TypeError, ZeroDivisionError):
        return {**about, "value": None, "verdict": "not measured"}
    return {**about, "value": value, "verdict": target.verdict(value)}


def _targets(rows: list[Found]) -> Iterator[str]:
    yield "| what | must | aim | measured | |"
    yield "|---|--:|--:|--:|---|"
    for r in rows:
        sign = "≥" if r["least"] else "≤"
        value = "" if r["value"] is None else f"{r['value']:.3g}"
        yield f"| {r['what']} | {sign} {r['must']} | {sign} {r['aim']} | {value} | {r['verdict']} |"


def _contenders(found: Found) -> Iterator[str]:
    yield "| contender | accept/s | drain/s | bytes a reading | lost | doubled |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, o in found.get("ours", {}).items():
        wire = o["wire_bytes"] / o["readings"]
        yield _line(f"Healthpost, {name}", "", o["rate"], wire, o)
    for name, a in found.get("accept_killed", {}).items():
        words = f"Healthpost, {name}, killed {a['kills']} times while accepting, offline from boot"
        yield f"| {words} | | | | {a['lost']} | {a['doubled']} |"
    for name, p in found.get("peers", {}).items():
        yield _line(name, f"{p['accept_rate']:.0f}", p["drain_rate"], p["wire_per_reading"], p)


def _line(name: str, accept: str, drain: float, wire: float, run: Found) -> str:
    if run["lost"] or run["doubled"]:
        accept = f"({accept})" if accept else ""
        return (
            f"| {name} | {accept} | ({drain:.0f}) | {wire:.1f} | {run['lost']} | {run['doubled']} |"
        )
    return f"| {name} | {accept} | {drain:.0f} | {wire:.1f} | 0 | 0 |"


def _notes(found: Found) -> Iterator[str]:
    before, after = (", ".join(f"{n:.1f}" for n in found[k]) for k in ("load_before", "load_after"))
    yield f"{found['sizes']['readings']:,} readings; {found.get('took_s', 0)} s in all;"
    yield f"load average {before} before, {after} after. A rate in brackets lost or doubled some."
    for name, why in found["skipped"].items():
        yield f"\nSkipped: {name} ({why})."
