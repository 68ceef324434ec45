"""Marking that somebody has died or moved away, and taking that back."""

from __future__ import annotations

from enum import StrEnum

from edge.model.clock import Stamp
from edge.model.life_status import LISTED, LifeDay
from edge.model.patient import Patient
from edge.patients import birth, edits, register
from edge.store.store import Store


class LifeStatus(StrEnum):
    """What can be marked, named as the patient's field."""

    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


def mark(
    store: Store, now: Stamp, patient_id: str, status: LifeStatus, typed: str, actor: str | None
) -> Patient:
    """Mark a person under all their records; `typed` is the day as typed, empty: nobody knows it.

    Raises `NotFound`, and `InvalidForm` ("birth": the day cannot be read or lies ahead).
    """
    today = birth.today_of(now)
    day = LifeDay(birth.read_birth(typed, "", now)) if typed.strip() else None
    value = str(day or LifeDay(said=today.isoformat()))
    return _set(store, now, patient_id, {status.value: value}, actor)


def take_back(store: Store, now: Stamp, patient_id: str, actor: str | None) -> Patient:
    """Say that a person is alive and here: marks of every kind were a mistake."""
    return _set(store, now, patient_id, {status.value: "" for status in LifeStatus}, actor)


def is_here(store: Store, patient_id: str) -> bool:
    """Whether a person stands on lists: none of their records is marked; True for a stranger."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT count(*) FROM patient WHERE id IN ({marks}) AND NOT ({LISTED})"
    return not store.scalar(sql, ids)


def _set(
    store: Store, now: Stamp, patient_id: str, changes: dict[str, str], actor: str | None
) -> Patient:
    with store.transaction():
        marked = [
            register.correct(store, now, record_id, changes, actor)
            for record_id in edits.one_person(store, patient_id)
        ]
    return marked[0]
