"""Arbitrary bytes, arbitrary chunking: the same events, our own error only, a bounded buffer."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from pickle import PicklingError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.capture.decode import event_json
from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.driver import DecodeError, Decoder, Event, SerialProtocol
from edge.model.reading import Measurement

pytestmark = pytest.mark.long

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "serial.json").read_text("utf-8"))[
    "vectors"
]

LARGEST_PENDING = 70_000
"""A message of the largest framed protocol (64 KiB) and its envelope."""


def wires(protocol: str) -> st.SearchStrategy[bytes]:
    """Noise, real frames, and pieces of real frames, in any order."""
    frames = [
        bytes.fromhex("".join(v["chunks"])) for v in VECTORS if v["protocol"] == protocol
    ] or [b""]
    pieces = st.one_of(
        st.binary(max_size=12),
        st.sampled_from(frames),
        st.sampled_from(frames).flatmap(
            lambda frame: st.integers(0, len(frame)).map(lambda cut: frame[:cut])
        ),
    )
    return st.lists(pieces, max_size=6).map(b"".join)


def fed(decoder: Decoder, data: bytes, cuts: list[int]) -> list[Event]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [event for at, end in pairwise(edges) for event in decoder.feed(data[at:end])]


def sides(protocol: SerialProtocol) -> list[Any]:
    return [protocol.decoder] + ([protocol.explain] if protocol.explain else [])


@pytest.mark.parametrize("uuid", sorted(BLE_CHARACTERISTICS))
@given(data=st.binary(max_size=40))
def test_characteristic_decodes_or_refuses(uuid: str, data: bytes) -> None:
    characteristic = BLE_CHARACTERISTICS[uuid]
    try:
        fields = characteristic.decode(data)
    except DecodeError:
        return
    json.dumps(event_json(Event("value", fields)))
    assert_sound(characteristic.measured(fields))


@pytest.mark.parametrize("name", sorted(SERIAL_PROTOCOLS))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_serial_chunking_changes_nothing(name: str, data: st.DataObject) -> None:
    protocol = SERIAL_PROTOCOLS[name]
    wire = data.draw(wires(name))
    cuts = data.draw(st.lists(st.integers(0, max(len(wire), 1)), max_size=8))
    for side in sides(protocol):
        whole, parts, single = side(), side(), side()
        events = fed(whole, wire, [])
        assert fed(parts, wire, cuts) == events
        assert fed(single, wire, list(range(len(wire)))) == events
        assert whole.pending == parts.pending == single.pending <= LARGEST_PENDING
        for event in events:
            json.dumps(event_json(event))
            assert_sound(protocol.measured(event))


@pytest.mark.parametrize("name", sorted(SERIAL_PROTOCOLS))
def test_serial_buffer_is_bounded(name: str) -> None:
    frames = [bytes.fromhex("".join(v["chunks"])) for v in VECTORS if v["protocol"] == name]
    for filler in (b"A", b"\x00", b"\xff", b"\x80", b"\x05"):
        at_once = SERIAL_PROTOCOLS[name].decoder()
        at_once.feed(filler * 100_000)
        assert at_once.pending <= LARGEST_PENDING
        for start in [b"", *(frame[:-1] for frame in frames)]:
            decoder = SERIAL_PROTOCOLS[name].decoder()
            decoder.feed(start)
            fill(decoder, filler * 1_000)


def fill(decoder: Decoder, noise: bytes) -> None:
    """Feed noise a hundred times, or until a state comes again: then nothing new can follow."""
    seen: set[bytes] = set()
    for _ in range(100):
        decoder.feed(noise)
        assert decoder.pending <= LARGEST_PENDING
        with suppress(PicklingError, AttributeError, TypeError):  # of a state beyond comparing
            state = pickle.dumps(decoder)
            if state in seen:
                return
            seen.add(state)


def assert_sound(measured: Measurement | None) -> None:
    """A reading has numbers with units, and only real numbers."""
    if measured is None:
        return
    assert measured.values
    for value in measured.values:
        assert value.value.is_finite()
        assert value.unit
