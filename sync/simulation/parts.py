"""What the simulated ends share: the functions under test, and the failure of an invariant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.core import box, hospital
from sync.core.session import BoxSession, Effect, Event, Held, Outbox

BoxStep = Callable[[BoxSession, Event, Outbox], tuple[BoxSession, tuple[Effect, ...]]]
HospitalStep = Callable[
    [hospital.HospitalBox, hospital.Event],
    tuple[hospital.HospitalBox, tuple[hospital.Effect, ...]],
]


class Violation(AssertionError):
    """An invariant of CS/1 does not hold; the text begins with its name."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The code under test. Tests replace a part to prove that the simulator would notice."""

    box_step: BoxStep = box.step
    hospital_step: HospitalStep = hospital.step
    prunable: Callable[[Held], int] = lambda held: held.safe


def demand(holds: bool, name: str, text: str) -> None:
    """Raise `Violation` unless an invariant holds."""
    if not holds:
        raise Violation(f"{name}: {text}")
