"""A day at the clinic, written down before it begins: "sixty patients, two devices flaky".

The same seed writes the same day. Patients come one after the other, each is measured by a few
kinds of device; a few devices are flaky: they fail often and their cables come loose. The day can
be lived faster than it was written; the devices themselves keep their own pace.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice

from devices.simulators.bodies import patients
from devices.simulators.faults import Fault, FaultSchedule
from devices.simulators.ward import Ward

HOUR_S = 3600.0
KINDS_A_PATIENT = (2, 5)
BETWEEN_DEVICES_S = (60.0, 240.0)
"""What a patient takes from one device to the next."""
REST_S = 1800.0
"""A device's own time from one patient to the next, as long as the day has room for it."""
OUTAGE_S = (120.0, 1200.0)
_LAST_ARRIVAL, _LAST_OUTAGE = 0.93, 0.9


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of day it is: how many come in how many hours, and what goes wrong how often.

    `rate` and `flaky_rate` are the faults per measurement of good and of flaky devices; each flaky
    device is unplugged, or out of range, `outages` times.
    """

    patients: int = 60
    hours: float = 24.0
    flaky: int = 2
    rate: float = 0.02
    flaky_rate: float = 0.4
    outages: int = 3


class Verb(StrEnum):
    """What can happen."""

    MEASURE = "measure"
    UNPLUG = "unplug"
    PLUG = "plug"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens, so many seconds into the day; `patient` counts from 1."""

    at_s: float
    verb: Verb
    device: str
    patient: int | None = None
    fault: Fault | None = None


def write_day(
    devices: Mapping[str, frozenset[Fault]], seed: int = 0, plan: Plan | None = None
) -> tuple[Act, ...]:
    """Return the acts of a day in order; `devices` are names with the faults they can have."""
    plan = plan or Plan()
    rng = random.Random(seed)
    flaky = set(rng.sample(sorted(devices), min(plan.flaky, len(devices))))
    acts = [*_visits(devices, flaky, plan, rng), *_outages(sorted(flaky), plan, rng)]
    return tuple(sorted(acts, key=lambda act: (act.at_s, act.device)))


async def live(
    ward: Ward,
    acts: Sequence[Act],
    seed: int = 0,
    speed: float = 1.0,
    say: Callable[[dict[str, object]], None] = lambda line: None,
) -> None:
    """Live a day `speed` times as fast; every act is said, and at the end what came together."""
    crowd = list(islice(patients(seed), max((act.patient or 0 for act in acts), default=0)))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for act in acts:
        await asyncio.sleep(began_s + act.at_s / speed - loop.time())
        if act.verb is Verb.UNPLUG:
            ward.unplug(act.device)
        elif act.verb is Verb.PLUG:
            ward.plug(act.device)
        elif act.patient is not None:
            ward.measure(act.device, crowd[act.patient - 1], act.fault)
        say({**asdict(act), "at": str(timedelta(seconds=int(act.at_s)))})
    say({"day": "over", **summary(acts)})


def summary(acts: Sequence[Act]) -> dict[str, object]:
    """Count what a day holds."""
    verbs = Counter(act.verb.value for act in acts)
    faults = Counter(act.fault.value for act in acts if act.fault)
    return {
        "patients": len({act.patient for act in acts if act.patient}),
        "measured": verbs[Verb.MEASURE],
        "unplugged": verbs[Verb.UNPLUG],
        "faults": dict(sorted(faults.items())),
    }


def _visits(
    devices: Mapping[str, frozenset[Fault]], flaky: set[str], plan: Plan, rng: random.Random
) -> Iterator[Act]:
    """Let each patient be measured by some kinds, at the device of a kind that is free first."""
    good, bad = (FaultSchedule(rate, rng) for rate in (plan.rate, plan.flaky_rate))
    kinds = _kinds(devices)
    free = dict.fromkeys(devices, 0.0)
    rest_s = min(REST_S, _room_s(len(devices), plan))
    length_s = plan.hours * HOUR_S
    arrivals = sorted(rng.uniform(0, _LAST_ARRIVAL * length_s) for _ in range(plan.patients))
    for patient, arrival_s in enumerate(arrivals, start=1):
        at_s = arrival_s
        wanted = min(len(kinds), rng.randint(*KINDS_A_PATIENT))
        for kind in rng.sample(sorted(kinds), wanted):
            device = min(kinds[kind], key=lambda name: (free[name], name))
            at_s = max(at_s, free[device])
            free[device] = at_s + rest_s
            schedule = bad if device in flaky else good
            yield Act(at_s, Verb.MEASURE, device, patient, schedule.draw(devices[device]))
            at_s += rng.uniform(*BETWEEN_DEVICES_S)


def _outages(flaky: Sequence[str], plan: Plan, rng: random.Random) -> Iterator[Act]:
    """Pull each flaky device's cable now and then, and put it back; never twice at once."""
    if not plan.outages:
        return
    slot_s = _LAST_OUTAGE * plan.hours * HOUR_S / plan.outages
    for device in flaky:
        for number in range(plan.outages):
            lasts_s = min(rng.uniform(*OUTAGE_S), slot_s / 2)
            at_s = number * slot_s + rng.uniform(0, slot_s - lasts_s)
            yield Act(at_s, Verb.UNPLUG, device)
            yield Act(at_s + lasts_s, Verb.PLUG, device)


def _kinds(devices: Mapping[str, frozenset[Fault]]) -> dict[str, list[str]]:
    """Group the members of a fleet: "ua-651ble" and "ua-651ble-2" are of one kind."""
    kinds: dict[str, list[str]] = {}
    for name in devices:
        stem, _, number = name.rpartition("-")
        kind = stem if number.isdigit() and stem in devices else name
        kinds.setdefault(kind, []).append(name)
    return kinds


def _room_s(devices: int, plan: Plan) -> float:
    """How long each device can rest between two patients of so full a day."""
    busy = plan.patients * KINDS_A_PATIENT[1] / max(1, devices)
    return plan.hours * HOUR_S / 2 / max(1.0, busy)
