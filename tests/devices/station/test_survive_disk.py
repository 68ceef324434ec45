"""A full disk loses nothing: what was measured waits, in order, until there is room."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from eventually import eventually_async
from station_kit import WAITING_LIMIT as LIMIT
from station_kit import raws, wrong

from devices.recording.recorder import Arrival, Recorder
from edge.model.clock import Stamp
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.store.store import Store

pytestmark = pytest.mark.long

PLENTY = 1_000_000


def weight(recorder: Recorder, number: int) -> Arrival:
    measured = Measurement(Kind.WEIGHT, (Value(Code.WEIGHT, Decimal(60 + number), "kg"),))
    # Large raw bytes make the file grow, so that the limit is felt.
    raw = bytes([number]) * 3000
    return Arrival(Reading(measured, recorder.now(), "device", "ble-1", "UC-352BLE", raw))


def limit_pages(recorder: Recorder, pages: int) -> None:
    """Let SQLite itself say "database or disk is full" beyond so many pages."""

    def limit(store: Store, _: Stamp) -> None:
        store.rows(f"PRAGMA max_page_count = {pages}")

    recorder.submit(limit)


async def test_readings_wait_for_room_in_order(recorder: Recorder, store: Store) -> None:
    limit_pages(recorder, 1)
    waiting = [recorder.record(weight(recorder, number)) for number in range(5)]
    limit_pages(recorder, 1)
    await eventually_async(lambda: recorder.is_full)
    assert not any(done.done() for done in waiting[1:])
    before = len(raws(store))
    limit_pages(recorder, PLENTY)
    for done in waiting:
        await done
    assert before < 5
    assert [raw[0] for raw in raws(store)] == [0, 1, 2, 3, 4]
    assert "disk-full" not in wrong(store)
    assert not recorder.is_full


async def test_readings_wait_for_a_file_that_was_taken_away(
    recorder: Recorder, store: Store, box_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await recorder.record(weight(recorder, 0))
    shutil.move(box_file, box_file.with_name("away.db"))
    waiting = [recorder.record(weight(recorder, number)) for number in (1, 2)]
    await eventually_async(lambda: "readings wait in memory" in caplog.text)
    shutil.move(box_file.with_name("away.db"), box_file)
    async with asyncio.timeout(30):
        await asyncio.gather(*waiting)
    assert [raw[0] for raw in raws(store)] == [0, 1, 2]


async def test_memory_is_bounded_too(store: Store, recorder: Recorder) -> None:
    limit_pages(recorder, 1)
    first = recorder.record(weight(recorder, 0))
    await eventually_async(lambda: recorder.is_full or first.done())
    many = [recorder.record(weight(recorder, 1)) for _ in range(LIMIT + 5)]
    assert 3 <= sum(done.cancelled() for done in many) <= 6
    limit_pages(recorder, PLENTY)
    await first
    for done in many:
        if not done.cancelled():
            await done
    assert len(raws(store)) == 1 + sum(not done.cancelled() for done in many)


async def test_a_reading_that_cannot_be_written_takes_no_other_with_it(
    store: Store, recorder: Recorder
) -> None:
    arrivals = [weight(recorder, number) for number in range(6)]
    bad = replace(arrivals[3].reading, actor=1.5)  # type: ignore[arg-type]  # no record holds it
    arrivals[3] = replace(arrivals[3], reading=bad)
    waiting = [recorder.record(arrival) for arrival in arrivals]
    await eventually_async(lambda: all(done.done() for done in waiting))
    assert [done.cancelled() for done in waiting] == [n == 3 for n in range(6)]
    assert [raw[0] for raw in raws(store)] == [0, 1, 2, 4, 5]
