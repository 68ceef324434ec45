"""The zstd dictionary of schema 1: the shapes of frequent records.

Built from samples, so that it can be read; both ends must build the very same bytes, so a sample
is never changed (`tests/sync/test_pack.py` holds the digest). Another set is another first byte.
Red scores are there as they are raised: a lone alert is little more than its two UUIDs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from edge.model.entry import canonical_json
from sync.core import wire
from sync.packing import encode

_P = "018f2f6e-0000-7000-8000-000000000001"
_V = "018f2f6e-0000-7000-8000-000000000002"
_TIME = "2026-11-22T08:30:00"
_PRESSURE = [["8480-6", "120", "mm[Hg]"], ["8462-4", "80", "mm[Hg]"]]
_MEAN = ["8478-0", "93", "mm[Hg]"]
_PULSE = ["8867-4", "72", "/min"]
_SPO2 = ["59408-5", "97", "%"]
_ACTS: tuple[tuple[str, list[list[str]]], ...] = (
    ("height", [["8302-2", "165.0", "cm"]]),
    ("weight", [["29463-7", "61.25", "kg"]]),
    ("respiratory-rate", [["9279-1", "16", "/min"]]),
    ("glucose", [["15074-8", "5.4", "mmol/L"]]),
    ("glucose", [["2339-0", "98", "mg/dL"]]),
    ("blood-pressure", [*_PRESSURE, _MEAN]),
    ("blood-pressure", [*_PRESSURE, _MEAN, _PULSE]),
    ("oximetry", [_SPO2, _PULSE, ["61006-3", "4.2", "%"]]),
    ("weight", [["29463-7", "61.2", "kg"]]),
    ("temperature", [["8310-5", "36.60", "Cel"]]),
    ("temperature", [["8310-5", "36.6", "Cel"]]),
    ("oximetry", [_SPO2, _PULSE]),
    ("blood-pressure", [*_PRESSURE, _PULSE]),
)
_MODELS = (
    "A&D UA-651BLE",
    "A&D UC-352BLE",
    "A&D UT-201BLE-A",
    "A&D TM-2655",
    "A&D TM-2657",
    "Contec CMS50D",
    "Nonin 3230",
    "Omron HEM-7600T",
    "Accu-Chek Guide",
    "Mi Scale",
)
_RED = (
    ("systolic", "8480-6", "mm[Hg]", "90"),
    ("temperature", "8310-5", "Cel", "35.0"),
    ("respiratory-rate", "9279-1", "/min", "25"),
    ("pulse", "8867-4", "/min", "131"),
    ("spo2", "59408-5", "%", "91"),
)
_DIGITS = ("120.25", "36.6", "82")
_Object = Mapping[str, object]


@cache
def content() -> bytes:
    """Return the dictionary; what is likeliest stands last, as zstd likes it.

    Last are whole payloads of what travels alone: even the marks between their parts are known.
    """
    together = [*(canonical_json(sample) for sample in _samples()), *_alerts()]
    _, _, shapes, texts, _, _, _ = encode.encode_batch(together, tried=0)
    alone = [wire.dump([1, *encode.encode_batch([alert], tried=0)]) for alert in _alerts()[-3:]]
    return wire.dump([texts, shapes]) + b"".join(alone)


@cache
def alone() -> list[object]:
    """Return the shapes of what travels alone most urgently; each is known by its place here."""
    shapes: list[object] = []
    for alert in _alerts():
        shapes += wire.take(list, encode.encode_batch([alert], tried=0)[2])
    return shapes


def _alerts() -> list[bytes]:
    alerts = [_alert(red, digits) for digits in _DIGITS for red in _RED]
    return [canonical_json(_entry("alert", alert)) for alert in alerts]


def _samples() -> list[_Object]:
    bodies = [body for kind, values in _ACTS for body in _readings(kind, values)]
    samples = [_entry("reading", body, {"actor": "staff"}) for body in bodies]
    models: list[_Object]
    models = [{"body": {"model": model}} for model in _MODELS]
    return [*models, *samples]


def _alert(red: tuple[str, str, str, str], digits: str) -> _Object:
    name, code, unit, bound = red
    return {
        "bound": bound,
        "level": "urgent",
        "parameter": name,
        "patient": _P,
        "reading": "018f2f6e-0000-8000-8000-000000000003",
        "rule": "news2-red",
        "value": [code, digits, unit],
    }


def _readings(kind: str, values: list[list[str]]) -> list[_Object]:
    typed: dict[str, object]
    typed = {"kind": kind, "patient": _P, "source": "typed", "values": values, "visit": _V}
    device = typed | {"device": "ble-000000000000", "model": "A&D UA-651BLE", "source": "device"}
    timed = device | {"time": _TIME}
    return [typed, timed | {"stored": True}, timed | {"quality": ["body_movement"]}, device, timed]


def _entry(kind: str, body: _Object, who: _Object | None = None) -> _Object:
    at = [1, 3_600_000, 1_795_334_400_000, "ntp"]
    return {**(who or {}), "at": at, "body": body, "kind": kind}
