"""Makes readings, refusals and live numbers of the measurements of one device.

Spot devices: each result is a reading, each failed measurement is kept as "no-measurement", so
that the worker sees it and measures again. Streams: numbers are shown live, and one reading is
made of each finger's stable seconds; a stream's sentinels leave no trace.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, replace

from devices.catalogue import Model, repeats_of
from devices.recording import meter_range
from devices.recording.recorder import Arrival, Kept, Recorder, Refusal
from devices.recording.stable_value import Agreement, Stability
from devices.recording.weight_sequence import WeightSequence
from edge.equipment import registry
from edge.model.clock import Stamp
from edge.model.reading import Measurement, Reading, Repeats, Sending

LIVE_EVERY_MS = 1000
NEW_FINGER_MS = 10_000
"""A stream that was silent this long has another finger, whatever it sent before."""

REFUSALS = 10
REFUSALS_WITHIN_MS = 60_000
"""At most so many broken frames of one device are kept in this time: a bad cable is no archive."""

REFUSED_RECORDS = 100
"""So many refused records of a memory are remembered, so that a repeat is not kept again."""

NO_MEASUREMENT = Refusal("no-measurement", "the device did not get a measurement; try again")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """The device that sends: its stable id, its row in the catalogue, where it was met."""

    id: str
    model: Model
    address: str

    @property
    def subject(self) -> str:
        """The device's name in a condition."""
        return self.model.label


class DeviceReadings:
    """Keep one for a device as long as the station runs: it remembers the finger."""

    def __init__(
        self, recorder: Recorder, source: Source, stability: Stability | None = None
    ) -> None:
        self.source = source
        self._recorder = recorder
        self._stability = stability
        self._agreement = Agreement(stability)
        self._refused: deque[int] = deque(maxlen=REFUSALS)
        self._refused_records: OrderedDict[Measurement, asyncio.Future[Kept]] = OrderedDict()
        self._weights = WeightSequence()
        self._heard_ms: int | None = None
        self._shown_ms: int | None = None
        self._out = False
        self._connected: Stamp | None = None
        self._repeats = repeats_of(source.model)

    def connected(self, at: Stamp) -> None:
        """Take note that a connection begins, or that the port was opened."""
        self._connected = at

    @property
    def finger_in(self) -> bool:
        """Whether the last sample of a stream had a value."""
        return not self._out and self._heard_ms is not None

    def result(
        self, at: Stamp, measured: Measurement, raw: bytes, age_s: int | None = None
    ) -> asyncio.Future[Kept]:
        """Record a finished measurement, or why the device cannot have meant it."""
        possible = meter_range.judged(measured, self.source.model)
        if isinstance(possible, Refusal):
            return self._refuse_record(at, possible, measured, raw)
        doubted = self._weights.doubted(at.t_ms, possible)
        return self._record(at, doubted, raw, self._repeats, age_s)

    def control(self, at: Stamp, measured: Measurement, raw: bytes) -> asyncio.Future[Kept]:
        """File a measurement of control material as the device's own."""
        possible = meter_range.control(measured, self.source.model)
        return self._recorder.record(Arrival(self._reading(at, possible, raw), control=True))

    def sample(self, at: Stamp, measured: Measurement | None, raw: bytes) -> None:
        """Take one sample of a stream; None while there is no valid value."""
        self._notice_new_finger(at)
        self._heard_ms = at.t_ms
        self._out = measured is None
        stable = self._agreement.feed(at.t_ms, measured)
        if stable is not None:
            self._record(at, stable, raw, Repeats.ACT)
        if measured is not None:
            self.show(at, measured)

    def show(self, at: Stamp, measured: Measurement) -> None:
        """Show numbers that are not stored, about once a second."""
        if self._shown_ms is not None and 0 <= at.t_ms - self._shown_ms < LIVE_EVERY_MS:
            return
        self._shown_ms = at.t_ms
        device = self.source.id
        self._recorder.submit(lambda store, now: registry.show_live(store, now, device, measured))

    def no_measurement(self, at: Stamp, raw: bytes) -> asyncio.Future[Kept]:
        """Keep what a device sent when it could not measure."""
        return self.refuse(at, NO_MEASUREMENT, raw)

    def refuse(self, at: Stamp, why: Refusal, raw: bytes) -> asyncio.Future[Kept]:
        """Keep what is no reading of a person, and why."""
        return self._recorder.record(Arrival(self._blank(at, raw), refusal=why))

    def garbled(self, at: Stamp, kind: str, text: str, raw: bytes) -> None:
        """Keep bytes that no decoder understood, a bounded number of them."""
        full = len(self._refused) == REFUSALS
        if full and at.t_ms - self._refused[0] < REFUSALS_WITHIN_MS:
            _log.warning("%s: %s again, not kept", self.source.id, kind)
            return
        self._refused.append(at.t_ms)
        self._recorder.record(Arrival(self._blank(at, raw), refusal=Refusal(kind, text)))

    def _refuse_record(
        self, at: Stamp, why: Refusal, measured: Measurement, raw: bytes
    ) -> asyncio.Future[Kept]:
        """Keep a refused record once, however often the device's memory is read."""
        known = self._refused_records.get(measured) if _is_record(measured) else None
        if known is None:
            known = self._refused_records[measured] = self.refuse(at, why, raw)
            if len(self._refused_records) > REFUSED_RECORDS:
                self._refused_records.popitem(last=False)
        return known

    def _notice_new_finger(self, at: Stamp) -> None:
        """A device that hangs up with its finger out says so only once, or not at all."""
        if self._heard_ms is None:
            return
        if at.t_ms - self._heard_ms > NEW_FINGER_MS:
            self._agreement = Agreement(self._stability)
        elif self._out:
            self._agreement.feed(at.t_ms, None)

    def _record(
        self,
        at: Stamp,
        measured: Measurement,
        raw: bytes,
        repeats: Repeats,
        age_s: int | None = None,
    ) -> asyncio.Future[Kept]:
        sent = Sending(repeats, self._connected or at)
        reading = replace(self._reading(at, measured, raw), sent=sent)
        return self._recorder.record(Arrival(reading, age_s))

    def _reading(self, at: Stamp, measured: Measurement, raw: bytes) -> Reading:
        return Reading(
            measured=measured,
            stamp=at,
            source="device",
            device_id=self.source.id,
            model=self.source.model.label,
            raw=raw,
        )

    def _blank(self, at: Stamp, raw: bytes) -> Reading:
        return self._reading(at, Measurement(self.source.model.kinds[0], ()), raw)


def _is_record(measured: Measurement) -> bool:
    return measured.record is not None or measured.device_time is not None
