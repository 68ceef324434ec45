"""What the station's tests share: a body to measure, quick habits, and the rows that came of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from devices.recording.stable_value import Stability
from devices.simulators.bodies import Body, Traits
from edge.equipment import registry
from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history
from edge.readings.history import StoredReading
from edge.store import issues
from edge.store.store import Store
from edge.visits import visits

WAITING_LIMIT = 50
"""Of the recorder of these tests."""

QUICK_TERMS = Stability(hold_ms=700, out_ms=200)

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    why: str
    raw: bytes
    device: str


def body(seed: int = 1) -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(seed))


def readings(store: Store) -> list[StoredReading]:
    return history.in_tray(store)


def raws(store: Store) -> list[bytes]:
    return [bytes(row["raw"]) for row in store.rows("SELECT raw FROM reading ORDER BY entry")]


def rejected(store: Store) -> list[RejectedRow]:
    rows = store.rows("SELECT * FROM rejected ORDER BY entry")
    return [RejectedRow(row["why"], bytes(row["raw"]), row["device_id"]) for row in rows]


def wrong(store: Store) -> set[str]:
    """The kinds of what is wrong now."""
    return {condition.kind for condition in issues.current(store)}


def device(store: Store) -> registry.Device:
    """The only device that the box has met."""
    (met,) = registry.devices(store)
    return met


def visiting_patient(store: Store, clock: Clock, age: str = "40") -> str:
    """Register somebody and open a visit for them; return who."""
    form = PatientForm(name="Zainab Bibi", sex="female", age=age)
    patient = register.register(store, clock.now(), form, actor=None)
    visits.open_visit(store, clock.now(), patient.id, actor=None)
    return patient.id
