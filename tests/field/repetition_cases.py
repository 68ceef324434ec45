"""Field cases about devices that send the same bytes: for another person, or once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from kiosk_desk import Desk

from edge.equipment import registry
from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Measurement, Reading, Repeats, Sending, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store.store import Store
from edge.visits import visits

FALLEN_BACK = datetime.fromisoformat("2021-01-01T00:00:00")
TEMPERATURE = (Value(Code.TEMPERATURE, Decimal("36.6"), "Cel"),)
OXIMETRY = (Value(Code.SPO2, Decimal(98), "%"), Value(Code.PULSE, Decimal(72), "/min"))


def a_clock_that_falls_back_leaves_nobody_out(desk: Desk, store: Store, clock: Clock) -> None:
    """FL02: two people, one value, one stamp: both have it, and one tap says that they are two."""
    for kind, values in ((Kind.TEMPERATURE, TEMPERATURE), (Kind.OXIMETRY, OXIMETRY)):
        for name in ("Amina Bibi", "Imran Khan"):
            person = register.register(store, clock.now(), PatientForm(name, age="30"), None)
            visit = desk.post(f"/patients/{person.id}/visit").headers["Location"]
            now, device = clock.now(), f"ble-{kind.value}"
            known = registry.Device(device, "Spot device", "ble", "", "connected")
            registry.met(store, now, known)
            measured = Measurement(kind, values, device_time=FALLEN_BACK)
            sent = Sending(Repeats.HELD, now)
            intake.accept(store, Reading(measured, now, "device", device, raw=b"1", sent=sent))
            [theirs] = history.of_patient(store, person.id)
            assert theirs.values == values
            marked = "perhaps the same value sent again" in desk.get(visit + "/live")
            assert marked == (name == "Imran Khan")
            desk.post(f"/readings/{theirs.entry}/different")
            assert "perhaps the same value" not in desk.get(visit + "/live")
            visits.close_visit(store, clock.now(), why="finished")


CASES: dict[str, Callable[..., None]] = {"FL02": a_clock_that_falls_back_leaves_nobody_out}
