"""What a rule says of a person: the level, the result, and what is still missing.

One scale of levels serves rules, alerts and referrals. A level is what is certain: when a fact is
missing, the person is at least at this level.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

Json = str | bool | Decimal | None | Sequence["Json"] | Mapping[str, "Json"]


class Level(StrEnum):
    """How soon somebody must act, from least to most."""

    NONE = "none"
    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """Return its place on the scale; `none` is 0."""
        return list(Level).index(self)


class Status(StrEnum):
    """How far a rule could judge."""

    OK = "ok"
    INCOMPLETE = "incomplete"
    NEEDS_INPUT = "needs_input"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Response:
    """What to do: one sentence for staff, one for the patient (English; "" when there is none).

    `recheck_min` are the minutes after which to measure again, None: not said. `escalate` asks for
    a clinician.
    """

    level: Level
    staff: str
    patient: str = ""
    recheck_min: int | None = None
    escalate: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one version of a rule said of some facts.

    `result` has the outputs of the table, in the shape of tests/vectors/clinical.json. `missing`
    are names of FACTS; `reason` says why the rule is not for this person.
    """

    rule: str
    version: str
    sha256: str
    draft: bool
    status: Status
    result: Mapping[str, Json]
    level: Level
    missing: tuple[str, ...] = ()
    reason: str = ""
    responses: tuple[Response, ...] = ()


def to_json(value: object) -> str:
    """Return a result or facts as canonical JSON: keys sorted, numbers as short as they are."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plain(value: object) -> Any:
    """Return a value for the json module: a Decimal becomes an int or a float."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
