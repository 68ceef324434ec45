"""What a stream shows while it runs."""

from __future__ import annotations

from decimal import Decimal

from devices.catalogue import SERIAL_MODELS
from devices.recording.device_readings import DeviceReadings, Source
from devices.recording.recorder import Recorder
from edge.model.clock import ClockQuality, Stamp
from edge.model.reading import Code, Kind, Measurement, Value
from edge.store.store import Store

NUMBERS = Measurement(Kind.OXIMETRY, (Value(Code.SPO2, Decimal("97"), "%"),))


async def test_the_first_number_is_shown_however_short_the_box_has_been_up(
    store: Store, recorder: Recorder
) -> None:
    readings = DeviceReadings(recorder, Source("oxi-1", SERIAL_MODELS[0], "/dev/ttyUSB0"))
    just_booted = Stamp(recorder.now().boot, 0, 0, ClockQuality.FLOOR)
    readings.sample(just_booted, NUMBERS, b"")
    assert readings.finger_in
    await recorder.fetch(lambda *_: None)  # the writer works in order
    assert store.scalar("SELECT count(*) FROM live WHERE device_id = 'oxi-1'") == 1
