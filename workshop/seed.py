"""Invented people for the clinic: patients with weeks of measurements, and a technician."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

from edge.model.clock import ClockQuality, Stamp
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register, summary
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.store.losses import open_store

TECHNICIAN, TECHNICIAN_PIN = "Bilal", "590273"
DAY_MS = 24 * 3600 * 1000

PEOPLE = (
    PatientForm("Muhammad Imran Khan", "male", "1972", village="Chak 12", card="1042"),
    PatientForm("Amina Bibi", "female", "", "34", village="Chak 14", phone="0301-5550142"),
    PatientForm("王秀英", "female", "1958-03-09", village="柳林村", card="1077"),
    PatientForm("محمد عمران", "male", "1969", village="چک ۱۲", card="1101"),
    PatientForm("Imran Ahmed", "male", "", "61", village="Kot Ali", card="1120"),
)
"""Invented; several of one name and several scripts, as in a real register."""

PAST = (
    (90, 152, 95, "73.2"),
    (72, 148, 93, "72.9"),
    (51, 150, 90, "72.4"),
    (30, 142, 90, "71.8"),
    (14, 139, 88, "71.5"),
)
"""Days ago, systolic, diastolic, weight of the first patient; of the others some less."""


def seed(settings: Settings) -> None:
    """Fill a running box: its technician, its patients, and what was measured before today."""
    with closing(open_store(settings.database, settings.box_id)) as store:
        now = store.clock().now()
        pepper = staff.load_pepper(settings.keys)
        worker = staff.members(store)[0].id
        staff.add(store, now, TECHNICIAN, "technician", TECHNICIAN_PIN, pepper)
        people = [register.register(store, now, form, worker) for form in PEOPLE]
        imran = people[0].id
        summary.add(store, now, imran, "allergies", "Penicillin", worker)
        summary.add(store, now, imran, "conditions", "Asthma", worker)
        summary.propose_medicines(store, now, imran, "Metformin 500 mg, twice a day", worker)
        intake.accept_all(store, [(reading, None) for reading in _past(now, people, worker)])


def _past(now: Stamp, people: list[Patient], worker: str) -> Iterator[Reading]:
    for number, patient in enumerate(people):
        for days, systolic, diastolic, weight in PAST[number:]:
            at = _before(now, days)
            pressures = (
                Value(Code.SYSTOLIC, Decimal(systolic - 6 * number), "mm[Hg]"),
                Value(Code.DIASTOLIC, Decimal(diastolic - 3 * number), "mm[Hg]"),
            )
            kilograms = (Value(Code.WEIGHT, Decimal(weight) - 4 * number, "kg"),)
            for measured in (
                Measurement(Kind.BLOOD_PRESSURE, pressures),
                Measurement(Kind.WEIGHT, kilograms),
            ):
                yield Reading(measured, at, "typed", patient_id=patient.id, actor=worker)


def _before(now: Stamp, days: int) -> Stamp:
    """Return a moment so many days ago, before the box was started the last time."""
    t_ms = (PAST[0][0] - days) * DAY_MS
    return Stamp(now.boot - 1, t_ms, now.wall_ms - days * DAY_MS, ClockQuality.NTP)
