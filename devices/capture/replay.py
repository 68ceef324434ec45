"""Replays a capture through our decoders and judges both. Pure; the core of `devices check`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from devices.capture.capture import Capture, CaptureError
from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.driver import DecodeError, Decoder, Event, SerialProtocol
from edge.model.reading import Measurement

CUTTINGS = 20
"""Random ways of cutting the bytes that must give the same events."""

CUT_BYTES = 100_000
"""As much of a capture is cut in these ways; the rest would say nothing new."""

FORGIVEN_AT_START = 1
"""A recording often begins in the middle of a frame."""

SOUND, NOTHING, BROKEN, CHUNKING = "sound", "nothing understood", "broken frames", "chunking"


@dataclass(frozen=True, slots=True)
class Moment:
    """One event, when its last byte came, and what it measured, if it measured anything."""

    t_ms: int
    event: Event
    measured: Measurement | None
    char: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a capture. `independent` is None for Bluetooth: each value stands alone."""

    protocol: str
    moments: tuple[Moment, ...]
    pending: int
    independent: bool | None

    @property
    def readings(self) -> tuple[Moment, ...]:
        """The moments that measured something."""
        return tuple(moment for moment in self.moments if moment.measured is not None)

    @property
    def errors(self) -> Counter[str]:
        """How often each kind of error came."""
        kinds = (m.event.fields.get("kind") for m in self.moments if m.event.name == "error")
        return Counter(str(kind) for kind in kinds)

    @property
    def verdict(self) -> str:
        """Whether the capture was understood; a device that says it failed was understood too."""
        if self.independent is False:
            return CHUNKING
        broken = [_broken(moment.event) for moment in self.moments]
        if all(broken):
            return NOTHING
        start = broken.index(False)
        forgiven = min(start, FORGIVEN_AT_START)
        return BROKEN if sum(broken) > forgiven else SOUND


def replay(capture: Capture, protocol: str = "") -> Replay:
    """Feed a capture to its decoder, or to another protocol's; raises `CaptureError`."""
    if capture.link == "ble":
        return _replay_ble(capture)
    name = protocol or capture.protocol
    known = SERIAL_PROTOCOLS.get(name)
    if known is None:
        reason = f"{name!r} is none of" if name else "the capture names no protocol; say one of"
        raise CaptureError("unknown_protocol", f"{reason} {', '.join(SERIAL_PROTOCOLS)}")
    moments, pending = _feed(known, capture)
    return Replay(name, moments, pending, _independent(known, capture))


def _feed(protocol: SerialProtocol, capture: Capture) -> tuple[tuple[Moment, ...], int]:
    decoder = protocol.decoder()
    moments = tuple(
        Moment(chunk.t_ms, event, protocol.measured(event))
        for chunk in capture.chunks
        for event in decoder.feed(chunk.data)
    )
    return moments, decoder.pending


def _independent(protocol: SerialProtocol, capture: Capture) -> bool:
    """Whether the bytes give the same events in one piece, one by one and cut at random."""
    data = capture.data[:CUT_BYTES]
    chance = random.Random(len(data))
    given = [0]
    for chunk in capture.chunks:
        given.append(min(given[-1] + len(chunk.data), len(data)))
    cuts = [given, list(range(len(data) + 1))]
    for _ in range(CUTTINGS):
        inner = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 50)))
        cuts.append([0, *inner, len(data)])
    whole = _events(protocol.decoder, data, [0, len(data)])
    return all(_events(protocol.decoder, data, cut) == whole for cut in cuts)


def _events(
    decoder: Callable[[], Decoder], data: bytes, cuts: Sequence[int]
) -> tuple[list[Event], int]:
    fed = decoder()
    events = [event for at, end in pairwise(cuts) for event in fed.feed(data[at:end])]
    return events, fed.pending


def _replay_ble(capture: Capture) -> Replay:
    moments = []
    for chunk in capture.chunks:
        known = BLE_CHARACTERISTICS.get(chunk.char)
        if known is None:
            raise CaptureError("unknown_characteristic", f"{chunk.char!r} is not in the catalogue")
        try:
            fields = known.decode(chunk.data)
        except DecodeError as error:
            refused = Event("error", {"kind": error.kind})
            moments.append(Moment(chunk.t_ms, refused, None, chunk.char))
            continue
        measured = known.measured(fields)
        moments.append(Moment(chunk.t_ms, Event("value", fields), measured, chunk.char))
    return Replay("ble", tuple(moments), 0, None)


def _broken(event: Event) -> bool:
    return event.name == "error" and event.fields.get("kind") != "device_error"
