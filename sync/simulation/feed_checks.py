"""What must hold of a patient's record, whatever order the edits came in: I15, I16 and I19.

Stated anew and simply, beside `sync.patient_merge`, so that a mistake there is not made here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from edge.model.patient_fields import Tier
from sync import patient_merge
from sync.patient_merge import Edit, MergedField, Op, Rule
from sync.simulation.parts import demand

Settle = Callable[[Rule, Iterable[Edit]], MergedField]


def check_patient(
    body: Mapping[str, object], edits: Sequence[Edit], settle: Settle, random: Random
) -> None:
    """Check the feed's item of a patient against all edits of the patient."""
    for name, rule in patient_merge.rules().items():
        of_field = [e for e in edits if e.field == name]
        if not of_field:
            continue
        _check_order(rule, of_field, settle, random)
        if rule.tier is Tier.IDENTITY:
            _check_identity(name, of_field, body)
        elif rule.tier is Tier.UNION:
            _check_union(name, of_field, body)
        elif rule.tier is Tier.BLOCK:
            known = {e.value for e in of_field if e.clinician} | {None}
            demand(body[name] in known, "I16", f"{name}: no clinician said {body[name]}")


def _check_order(rule: Rule, edits: list[Edit], settle: Settle, random: Random) -> None:
    mixed = random.sample(edits, len(edits))
    demand(settle(rule, mixed) == settle(rule, edits), "I19", f"{rule.field} depends on the order")


def _check_identity(name: str, edits: list[Edit], body: Mapping[str, object]) -> None:
    stand = {e.value for e in edits if not any(patient_merge.covers(o, e) for o in edits)}
    if len(stand) < 2 or _refined(stand):
        return
    asked = body["review"]
    there = isinstance(asked, dict) and name in asked
    demand(there, "I15", f"{name}: {stand}, and nobody is asked")


def _check_union(name: str, edits: list[Edit], body: Mapping[str, object]) -> None:
    """What somebody added is there, unless a clinician who knew of it has struck it out."""
    shown = body[name]
    for edit in edits:
        if edit.op is not Op.ADD:
            continue
        strikes = [e for e in edits if e.op is Op.REMOVE and e.value == edit.value and e.clinician]
        gone = any(patient_merge.covers(strike, edit) for strike in strikes)
        there = isinstance(shown, list) and edit.value in shown
        demand(gone or there, "I16", f"{name}: {edit.value} was struck out by no clinician")


def _refined(values: set[str | None]) -> bool:
    """Whether the values only say the same more exactly."""
    longest = max((v or "" for v in values), key=len)
    return all(longest.startswith(v or "") for v in values)
