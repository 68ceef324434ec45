"""Synthetic vitals for size measurements: a clinic's day, as the journal would hold it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from edge.model.entry import canonical_json

START_MS = 1_795_334_400_000
_DEVICES = {
    "blood-pressure": ("ble-7c010a3f11d2", "A&D UA-651BLE"),
    "oximetry": ("ble-00a05012bbe9", "Nonin 3230"),
    "temperature": ("ble-7c010a44c0f1", "A&D UT-201BLE-A"),
    "weight": ("ble-7c010a51e7aa", "A&D UC-352BLE"),
}


def readings(count: int, seed: int = 1, per_visit: int = 8) -> list[bytes]:
    random = Random(seed)
    t_ms, records = 3_600_000, []
    for number in range(count):
        if number % per_visit == 0:
            t_ms += random.randrange(60_000, 300_000)
            patient, visit = (_uuid7(random, START_MS + t_ms) for _ in range(2))
        t_ms += random.randrange(8_000, 60_000)
        kind = list(_DEVICES)[number % 4]
        body = _body(random, kind, START_MS + t_ms) | {"patient": patient, "visit": visit}
        at = [17, t_ms, START_MS + t_ms, "ntp"]
        entry = {"actor": "nurse-3", "at": at, "body": body, "kind": "reading"}
        records.append(canonical_json(entry))
    return records


def _body(random: Random, kind: str, wall_ms: int) -> dict[str, object]:
    device, model = _DEVICES[kind]
    taken = datetime.fromtimestamp(wall_ms / 1000, UTC) - timedelta(seconds=random.randrange(5))
    body: dict[str, object] = {"device": device, "kind": kind, "model": model, "source": "device"}
    if kind != "oximetry":
        body["time"] = taken.replace(tzinfo=None, microsecond=0).isoformat()
    if random.random() < 0.05:
        body["quality"] = ["body_movement"]
    return body | {"values": _values(random, kind)}


def _values(random: Random, kind: str) -> list[list[str]]:
    def near(mean: float, spread: float, places: int = 0) -> str:
        return f"{random.gauss(mean, spread):.{places}f}"

    match kind:
        case "blood-pressure":
            pressure = [["8480-6", near(124, 17), "mm[Hg]"], ["8462-4", near(79, 10), "mm[Hg]"]]
            return [*pressure, ["8867-4", near(76, 11), "/min"]]
        case "oximetry":
            return [["59408-5", near(97, 1.5), "%"], ["8867-4", near(76, 11), "/min"]]
        case "temperature":
            return [["8310-5", near(36.7, 0.5, 1), "Cel"]]
    return [["29463-7", near(64, 14, 1), "kg"]]


def _uuid7(random: Random, wall_ms: int) -> str:
    noise = random.getrandbits(80)
    number = wall_ms << 80 | noise
    number = number & ~(0xF << 76) | 7 << 76
    return str(UUID(int=number & ~(3 << 62) | 2 << 62))
