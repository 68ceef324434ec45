"""The readings of every contender: the same blood pressures, as JSON and as our `Reading`.

A patient has four in a row, as in a visit. Nobody's age is known, so no reading raises an alert:
that would be work which no other contender does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from edge.model.clock import Stamp
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store

FIRST_MS = 1_795_320_000_000
STEP_MS = 7_000
SEED = 11
PATIENTS = 100
A_VISIT = 4


def vitals(count: int) -> list[dict[str, object]]:
    """Return blood pressures as a peer carries them: 14 fields, an id drawn at random."""
    return [_vitals(number) for number in range(count)]


def lines(count: int) -> list[str]:
    """Return the vitals as compact JSON, one text each."""
    return [json.dumps(v, separators=(",", ":")) for v in vitals(count)]


def people(store: Store, stamp: Stamp) -> list[str]:
    """Return the ids of the store's patients, registered when there are none."""
    if store.row("SELECT 1 FROM patient") is None:
        forms = [PatientForm(name=f"Patient {n}", sex="female") for n in range(PATIENTS)]
        with store.transaction():
            for form in forms:
                register.register(store, stamp, form, None)
    return [str(row["id"]) for row in store.rows("SELECT id FROM patient ORDER BY row")]


def readings(count: int, stamp: Stamp, start: int = 0, of: Sequence[str] = ()) -> Iterator[Reading]:
    """Yield the same blood pressures as a device driver hands them over, of these patients."""
    for number in range(start, start + count):
        patient = of[number // A_VISIT % len(of)] if of else None
        yield _reading(_vitals(number), number, stamp, patient)


def _vitals(number: int) -> dict[str, object]:
    chance = random.Random(SEED * 1_000_003 + number)
    systolic = min(round(chance.gauss(124, 18)), 230)
    diastolic = min(max(round(chance.gauss(78, 11)), 40), systolic - 10)
    return {
        "id": f"{chance.getrandbits(128):032x}",
        "box": "clinic-0042",
        "patient": f"P{number // A_VISIT % PATIENTS:05d}",
        "device": f"omron-hem-{number % 6}",
        "code": "85354-9",
        "sys": systolic,
        "dia": diastolic,
        "map": round((systolic + 2 * diastolic) / 3),
        "pulse": chance.randrange(50, 130),
        "unit": "mm[Hg]",
        "ts": FIRST_MS + number * STEP_MS,
        "seq": number,
        "qual": "ok",
        "op": f"nurse{chance.randrange(5)}",
    }


def _reading(told: dict[str, object], number: int, stamp: Stamp, patient: str | None) -> Reading:
    pressure = (
        (Code.SYSTOLIC, told["sys"]),
        (Code.DIASTOLIC, told["dia"]),
        (Code.MEAN_PRESSURE, told["map"]),
    )
    values = tuple(Value(code.value, Decimal(str(v)), "mm[Hg]") for code, v in pressure)
    pulse = Value(Code.PULSE.value, Decimal(str(told["pulse"])), "/min")
    measured = Measurement(
        Kind.BLOOD_PRESSURE,
        (*values, pulse),
        device_time=datetime(2026, 11, 22) + timedelta(seconds=7 * number),  # noqa: DTZ001
        record=str(number),
    )
    at = Stamp(
        stamp.boot, stamp.t_ms + number * STEP_MS, stamp.wall_ms + number * STEP_MS, stamp.quality
    )
    raw = number.to_bytes(4, "big") + bytes(14)
    return Reading(
        measured,
        at,
        "device",
        device_id=f"ble:{told['device']}",
        model="Omron HEM-7600T",
        raw=raw,
        actor=str(told["op"]),
        patient_id=patient,
    )
