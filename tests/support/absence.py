"""Months without a network: a clinic that goes on working, lived faster than it happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import pytest
from canaries import Capture
from history import Overtaking
from region import Post, Region

from edge.model.clock import ClockQuality, Stamp
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.process.caretaker import JOBS
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import visits

READINGS_EACH = 8
DAY_MS = 24 * 3_600_000
OPENS_MS = 8 * 3_600_000
"""The clinic's first hour of the day, which its box was switched on at midnight for."""
VISIT_MS = 7 * 60_000
NEWCOMERS = 3
"""Every third patient is new; the others have been here before."""

FRAME_BYTES = 4_200
"""A full bulk frame, and a little more."""
FRAMES_AHEAD = 4
"""Two under way on a slow line, one being sealed, one that the spy had not told of yet."""

DAILY = tuple(job for job in JOBS if job.name != "backup")
WEEKLY = JOBS


@dataclass(frozen=True, slots=True)
class Absence:
    """So many days of so many patients, the last of them today."""

    days: int
    patients_a_day: int = 60

    @property
    def readings(self) -> int:
        return self.days * self.patients_a_day * READINGS_EACH


class Clinic:
    """A clinic whose box has no network."""

    def __init__(self, store: Store, settings: Settings, seed: int = 1) -> None:
        self._store, self._settings = store, settings
        self._chance = random.Random(seed)
        self._people: list[str] = []
        self._taken = 0

    def live_through(self, absence: Absence) -> None:
        """Every day: a boot, its patients, and what the caretaker does by itself."""
        end = self._store.clock().now().wall_ms
        for day in range(absence.days):
            with _boot(f"day {day}"):
                boot = self._store.clock().boot
                midnight_ms = end - (absence.days - day) * DAY_MS
                for number in range(absence.patients_a_day):
                    t_ms = OPENS_MS + number * VISIT_MS
                    at = Stamp(boot, t_ms, midnight_ms + t_ms, ClockQuality.UNSURE)
                    self._see(at, new=number % NEWCOMERS == 0)
                evening = Stamp(boot, DAY_MS - 1, midnight_ms + DAY_MS - 1, ClockQuality.UNSURE)
                for job in WEEKLY if day % 7 == 6 else DAILY:
                    job.run(self._store, self._settings, evening)

    def alarm(self) -> bytes:
        """Somebody comes now with too little oxygen; return the alert as recorded."""
        now = self._store.clock().now()
        visits.open_visit(self._store, now, self._people[0], actor=None)
        outcome = intake.accept(self._store, self._oximetry(now, 84))
        assert isinstance(outcome, intake.AcceptedReading)
        sql = "SELECT record FROM journal WHERE id = ?"
        row = self._store.row(sql, (outcome.alerts[0],))
        assert row is not None
        return bytes(row["record"].encode("utf-8"))

    def _see(self, at: Stamp, *, new: bool) -> None:
        if new or not self._people:
            form = PatientForm(
                name=f"Person {len(self._people)} of the valley",
                sex=self._chance.choice(("female", "male")),
                birth=str(self._chance.randrange(1940, 2000)),
                village=f"Village {self._chance.randrange(12)}",
            )
            self._people.append(register.register(self._store, at, form, None).id)
            patient = self._people[-1]
        else:
            patient = self._chance.choice(self._people)
        visits.open_visit(self._store, at, patient, actor=None)
        intake.accept_all(self._store, [(r, None) for r in self._readings(at)])

    def _readings(self, at: Stamp) -> Iterator[Reading]:
        for step in range(READINGS_EACH):
            later = 20_000 * step
            now = Stamp(at.boot, at.t_ms + later, at.wall_ms + later, at.quality)
            yield self._pressure(now) if step % 2 else self._oximetry(now, 97)

    def _pressure(self, now: Stamp) -> Reading:
        systolic = round(self._chance.gauss(124, 10))
        values = (
            Value(Code.SYSTOLIC, Decimal(min(max(systolic, 105), 170)), "mm[Hg]"),
            Value(Code.DIASTOLIC, Decimal(self._chance.randrange(60, 95)), "mm[Hg]"),
            Value(Code.PULSE, Decimal(self._chance.randrange(55, 105)), "/min"),
        )
        return self._reading(now, Kind.BLOOD_PRESSURE, values, "ble:cuff-1")

    def _oximetry(self, now: Stamp, spo2: int) -> Reading:
        values = (
            Value(Code.SPO2, Decimal(spo2), "%"),
            Value(Code.PULSE, Decimal(self._chance.randrange(55, 105)), "/min"),
        )
        return self._reading(now, Kind.OXIMETRY, values, "ble:oxi-1")

    def _reading(self, now: Stamp, kind: Kind, values: tuple[Value, ...], device: str) -> Reading:
        self._taken += 1
        measured = Measurement(kind, values, record=str(self._taken))
        raw = self._chance.randbytes(18)
        return Reading(measured, now, "device", device_id=device, model="Simulated", raw=raw)


def raise_alarm(region: Region, post: Post, clinic: Clinic) -> Overtaking:
    """Raise an alert just after a bulk frame went by; return what went by until it came."""
    before = len(_bulk(region))
    region.until(lambda: len(_bulk(region)) > before)
    mark = len(region.spied())
    record = clinic.alarm()
    region.until(lambda: [c for c in region.spied()[mark:] if c.topic.endswith("/a")])
    passed = 0
    for capture in region.spied()[mark:]:
        if capture.topic.endswith("/a"):
            break
        passed += len(capture.payload) if capture.topic.endswith("/c") else 0
    return Overtaking((post.box_id, record), passed, FRAMES_AHEAD * FRAME_BYTES)


def _bulk(region: Region) -> list[Capture]:
    return [c for c in region.spied() if c.topic.endswith("/c")]


@contextmanager
def _boot(name: str) -> Iterator[None]:
    """Let the box believe that it was switched on anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEALTHPOST_BOOT_ID", name)
        yield
