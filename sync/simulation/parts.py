"""Shared parts of the simulators: the functions under test, and the failure of an invariant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.core import box, hospital
from sync.core.session import BoxSession, Effect, Event, Outbox

BoxStep = Callable[[BoxSession, Event, Outbox], tuple[BoxSession, tuple[Effect, ...]]]
HospitalStep = Callable[
    [hospital.HospitalBox, hospital.Event],
    tuple[hospital.HospitalBox, tuple[hospital.Effect, ...]],
]
Write = Callable[[], None]


class Violation(AssertionError):
    """An invariant of CS/1 does not hold; the text begins with its name."""


class PowerCut(Exception):
    """The power failed in the middle of something."""


class DiskIsFull(Exception):
    """A transaction was refused whole, as SQLITE_FULL is."""


def whole(writes: tuple[Write, ...], cut: Callable[[], bool]) -> None:
    """One transaction: the power fails before all of it or after it, and tears nothing."""
    if cut():
        raise PowerCut
    for write in writes:
        write()


def torn(writes: tuple[Write, ...], cut: Callable[[], bool]) -> None:
    """What a disk does to whoever does not use a transaction; for proofs only."""
    for write in writes:
        if cut():
            raise PowerCut
        write()


@dataclass(frozen=True, slots=True)
class Ends:
    """The code under test. Tests replace a part to prove that the simulator would notice."""

    box_step: BoxStep = box.step
    hospital_step: HospitalStep = hospital.step
    transaction: Callable[[tuple[Write, ...], Callable[[], bool]], None] = whole
    sees_damage: bool = True


def demand(holds: bool, name: str, text: str) -> None:
    """Raise `Violation` unless an invariant holds."""
    if not holds:
        raise Violation(f"{name}: {text}")
