"""A clinic day through one box: bodies, devices with bad habits, two workers, and an oracle.

The oracle knows what each body really had. It writes down what every device measured of whom, and
asks at the end: stands each value exactly once on its person, or in the tray with its sample?
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

from ble_scene import QUICK, added, on_air
from eventually import eventually_async
from kiosk_desk import Desk

from devices.simulators import models
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, Pressure, Saturation, Traits
from devices.simulators.clockwork import ForgetfulClock, StandingClock
from devices.simulators.faults import Fault
from devices.simulators.glucose_meter import GlucoseMeter
from devices.simulators.peripherals import BleDevice, BleModel
from devices.simulators.wired.analyser import Analyser
from edge.equipment import controls
from edge.model.clock import Clock
from edge.model.reading import PERHAPS_SAME, Code, Kind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history
from edge.readings.history import StoredReading
from edge.store.store import Store
from edge.visits import visits

Numbers = tuple[tuple[str, Decimal], ...]

_DEVICES = (
    (models.UT_201BLE, ForgetfulClock),
    (models.UC_352BLE, StandingClock),
    (models.UA_651BLE, None),
    (models.NONIN_3230, None),
)
"""Each stands at both stations: a thermometer whose clock falls back, a scale whose clock stands,
a cuff and an oximeter with clocks that run."""

BRISK = replace(QUICK, advertise_s=60, settle_s=0.01, hang_up_s=0.05)
"""Quick, and as long on the air as real ones: the box connects with one device after the other."""

_ANALYSERS_RESTART = 0.15


class KnownBody(Body):
    """A body that always measures the same; few numbers, so that many people share them."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(Traits(120, 80, 72, 97, 36.6, 60, 165), rng)
        self.temperature = Decimal(rng.choice(("36.5", "36.6")))
        self.weight = Decimal(rng.choice(("60.00", "61.50")))
        self.systolic = Decimal(rng.choice((118, 122)))
        self.spo2 = Decimal(rng.choice((97, 98)))
        self.glucose = Decimal(rng.choice((95, 101)))
        self.haemoglobin = Decimal(rng.choice(("12.4", "13.0")))

    def measure_temperature(self) -> Decimal:
        return self.temperature

    def measure_weight(self) -> Decimal:
        return self.weight

    def measure_pressure(self) -> Pressure:
        return Pressure(self.systolic, Decimal(80), Decimal(93), Decimal(72))

    def measure_saturation(self) -> Saturation:
        return Saturation(self.spo2, Decimal(72), Decimal("2.4"))

    def measure_glucose(self) -> Decimal:
        return self.glucose

    def measure_haemoglobin(self) -> Decimal:
        return self.haemoglobin


@dataclass
class Person:
    """One who came: the card, the body, and what was really measured of it."""

    id: str
    card: str
    body: KnownBody
    had: Counter[tuple[str, Decimal]] = field(default_factory=Counter)


@dataclass
class Oracle:
    """What is to be found at the end: by person, and in the tray by sample."""

    people: list[Person] = field(default_factory=list)
    samples: dict[str, tuple[Person, Decimal]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    controls: int = 0

    def wrong(self, store: Store) -> list[str]:
        """Return what is lost, swapped, doubled or marked without a reason."""
        found = [text for person in self.people for text in _wrong_of(store, person)]
        found += self._wrong_in_tray(store)
        if controls.count(store) != self.controls:
            found.append(f"{controls.count(store)} controls of {self.controls}")
        return found + _marked_without_reason(store)

    def _wrong_in_tray(self, store: Store) -> list[str]:
        waiting = Counter(
            (row.record, _numbers(row)[0][1]) for row in history.in_tray(store, limit=1000)
        )
        wanted = Counter(
            (sample, value)
            for sample, (_, value) in self.samples.items()
            if sample not in self.claimed
        )
        return [] if waiting == wanted else [f"tray: {waiting - wanted} and not {wanted - waiting}"]


class Day:
    """Runs a day. Make one, `begin` it, then `come` for each patient and `settle`."""

    def __init__(self, store: Store, clock: Clock, desk: Desk, rng: random.Random) -> None:
        self.oracle = Oracle()
        self._store, self._clock, self._desk, self._rng = store, clock, desk, rng
        self._spots: dict[str, Sequence[BleDevice]] = {}
        self._analysers: Sequence[Analyser] = ()
        self._meter: GlucoseMeter

    def begin(self, bluez: Bluez, analysers: Sequence[Analyser], patients: int) -> None:
        """Switch two stations' devices on, and register everybody who will come."""
        for model, habit in _DEVICES:
            stations = (_numbered(model, number) for number in (1, 2))
            pair = [on_air(bluez, one, habits=BRISK) for one in stations]
            for device in pair:
                added(self._store, device.model)
                if habit is not None:
                    device.clock = habit()
            self._spots[model.slug] = pair
        self._meter = cast("GlucoseMeter", on_air(bluez, models.CONTOUR, habits=BRISK))
        self._analysers = analysers
        for number in range(patients):
            card = f"{7000_0000 + 13 * number}"
            form = PatientForm(f"Patient {number}", sex="female", birth="1980", card=card)
            made = register.register(self._store, self._clock.now(), form, None)
            self.oracle.people.append(Person(made.id, card, KnownBody(self._rng)))

    async def come(self, number: int) -> None:
        """Let one patient come: scan, measure, give blood, go."""
        person = self.oracle.people[number]
        self._stutter(person)
        visit = self._desk.post(f"/patients/{person.id}/visit").headers["Location"]
        opened = visits.current(self._store, self._clock.now())
        assert opened is not None
        assert opened.patient_id == person.id
        slugs = self._rng.sample(sorted(self._spots), 2)
        for slug in slugs:
            self._spots[slug][number % 2].measure(person.body)
            person.had.update(_of_a_spot(slug, person.body))
        await eventually_async(lambda: self._measured(opened.id) >= len(slugs))
        if self._rng.random() < 0.4:
            await self._prick(person)
        if self._rng.random() < 0.5:
            self._draw_blood(number, person)
        self._desk.post(f"{visit}/close")
        assert visits.current(self._store, self._clock.now()) is None
        self._claim_some()

    def reset_meter(self) -> None:
        """Let the glucose meter forget everything and count anew."""
        self._meter.reset()

    async def settle(self) -> None:
        """Wait until the analysers have delivered, then let the second worker claim half of it."""
        expected = len(self.oracle.samples)
        await eventually_async(
            lambda: (
                len(self._samples()) + len(self.oracle.claimed) >= expected
                and controls.count(self._store) >= self.oracle.controls
            )
        )
        self._claim_some()

    def _stutter(self, person: Person) -> None:
        """Half a scan opens nobody's visit and records nothing."""
        half = person.card[self._rng.randint(1, 7) :]
        answer = self._desk.post("/measure", card=half)
        assert answer.status_code in (303, 409, 422)
        assert visits.current(self._store, self._clock.now()) is None

    async def _prick(self, person: Person) -> None:
        """The meter's record goes to the tray: the second worker gives it to who was pricked."""
        self._meter.measure(person.body)
        [entry] = await eventually_async(self._glucose_in_tray)
        self._desk.post(f"/tray/{entry}/claim/{person.id}")
        person.had[Code.GLUCOSE_MG_DL, person.body.glucose] += 1

    def _draw_blood(self, number: int, person: Person) -> None:
        analyser, sample = self._rng.choice(self._analysers), f"S{number:04}"
        if self._rng.random() < _ANALYSERS_RESTART:
            analyser.restart()
            analyser.measure(person.body, Fault.CONTROL)
            self.oracle.controls += 1
        analyser.label(sample)
        analyser.measure(person.body)
        self.oracle.samples[sample] = (person, person.body.haemoglobin)

    def _claim_some(self) -> None:
        """The second worker gives away the samples with even numbers."""
        for row in self._samples():
            person, value = self.oracle.samples[row.record]
            if int(row.record[1:]) % 2 == 0:
                self._desk.post(f"/tray/{row.entry}/claim/{person.id}")
                self.oracle.claimed.add(row.record)
                person.had[Code.HAEMOGLOBIN, value] += 1

    def _samples(self) -> list[StoredReading]:
        waiting = history.in_tray(self._store, limit=1000)
        return [row for row in waiting if row.kind == Kind.LABORATORY]

    def _glucose_in_tray(self) -> list[int]:
        waiting = history.in_tray(self._store, limit=1000)
        return [row.entry for row in waiting if row.kind == Kind.GLUCOSE]

    def _measured(self, visit: str) -> int:
        return self._store.scalar("SELECT count(*) FROM reading WHERE visit_id = ?", (visit,))


def _numbered(model: BleModel, number: int) -> BleModel:
    """The same model at another station: another address and serial number."""
    known = model.identity
    address = f"{known.address[:-2]}{0xA0 + number:02X}"
    there = replace(known, address=address, serial=f"{known.serial}{number}")
    return replace(model, identity=there)


def _of_a_spot(slug: str, body: KnownBody) -> list[tuple[str, Decimal]]:
    return {
        models.UT_201BLE.slug: [(Code.TEMPERATURE, body.temperature)],
        models.UC_352BLE.slug: [(Code.WEIGHT, body.weight)],
        models.UA_651BLE.slug: [(Code.SYSTOLIC, body.systolic)],
        models.NONIN_3230.slug: [(Code.SPO2, body.spo2)],
    }[slug]


_ASKED = frozenset(
    (Code.TEMPERATURE, Code.WEIGHT, Code.SYSTOLIC, Code.SPO2, Code.GLUCOSE_MG_DL, Code.HAEMOGLOBIN)
)


def _numbers(row: StoredReading) -> Numbers:
    return tuple((value.code, value.value) for value in row.values if value.code in _ASKED)


def _wrong_of(store: Store, person: Person) -> list[str]:
    stored = history.of_patient(store, person.id)
    found = Counter(number for row in stored for number in _numbers(row))
    if found == person.had:
        return []
    return [f"{person.card}: {found - person.had} too much, {person.had - found} lost"]


def _marked_without_reason(store: Store) -> list[str]:
    """A mark is right only where the device sent the same bytes before."""
    rows = store.rows("SELECT entry, device_id, raw, perhaps FROM reading ORDER BY entry")
    before: dict[str, set[bytes]] = defaultdict(set)
    found = []
    for row in rows:
        raw = bytes(row["raw"] or b"")
        if row["perhaps"] is not None and raw not in before[row["device_id"]]:
            found.append(f"{PERHAPS_SAME} without a reason: entry {row['entry']}")
        before[row["device_id"]].add(raw)
    return found
