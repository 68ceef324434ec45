"""What is measured of Healthpost itself: accept, flash, wire, backlog, receive, memory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.link import limits, meter
from benchmarks.link.healthpost import Box, Hospital, drain
from benchmarks.link.readings import lines, people, readings
from devices.recording.recorder import Arrival, Recorder
from edge.model.entry import GENESIS, Lane, chain
from edge.model.reading import Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.store import journal, outbox
from edge.store.store import Store
from hospital.archive import Archive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box as Member
from hospital.receiving.receiver import Receiver
from sync.box.outbox import StoreOutbox
from sync.core import Hello, encode
from sync.core.header import hello_header
from sync.core.messages import LaneReport
from sync.core.session import SendFrame
from sync.frames.envelope import seal_up
from sync.frames.framing import compose
from sync.keys.keys import BoxKeys, HospitalKeys

SOURCES = 20
PACE_PER_S = 200
PUBLISH_BYTES = 3 + 2 + 2 + 4  # fixed header, topic length, packet id; and its PUBACK
T = TypeVar("T")
BOX_ID = "q3m7xk2a9d4fa"


def accept_ratios(folder: Path, count: int, rounds: int) -> tuple[float, float]:
    """Return accept by one producer, and by 16, as shares of bare fsynced inserts next to them."""
    texts = lines(count)
    one: list[float] = []
    many: list[float] = []
    for number in range(rounds):
        with _store(folder / f"accept-{number}") as store:
            batch = _batch(store, count)
            bare = limits.bare_insert(folder, texts)
            begin = time.monotonic()
            for reading in batch:
                intake.accept(store, reading)
            one.append(count / (time.monotonic() - begin) / bare)
        home = folder / f"many-{number}"
        home.mkdir()
        rate, _ = asyncio.run(_producers(home, count, 16))
        many.append(rate / ((bare + limits.bare_insert(folder, texts)) / 2))
    return meter.median(one), meter.median(many)


async def _producers(home: Path, count: int, producers: int) -> tuple[float, list[float]]:
    """Return readings a second by producers that each wait until theirs is on the disk."""
    recorder = Recorder(home / "box.db")
    await recorder.open()
    batch = iter(await recorder.fetch(lambda store, _: _batch(store, count)))
    worker = asyncio.create_task(recorder.work())
    waits: list[float] = []

    async def produce() -> None:
        for reading in batch:
            begin = time.monotonic()
            await recorder.record(Arrival(reading))
            waits.append(time.monotonic() - begin)

    begin = time.monotonic()
    await asyncio.gather(*(produce() for _ in range(producers)))
    took = time.monotonic() - begin
    await _end(recorder, worker)
    return count / took, waits


async def paced(home: Path, seconds: int) -> dict[str, float]:
    """Run 20 sources of 10 readings a second each; return the rate sustained and the p99 wait."""
    recorder = Recorder(home / "box.db")
    await recorder.open()
    worker = asyncio.create_task(recorder.work())
    batch = iter(await recorder.fetch(lambda store, _: _batch(store, PACE_PER_S * seconds)))
    waits: list[float] = []
    begin = time.monotonic()
    written = meter.cost([os.getpid()]).written

    async def source(number: int) -> None:
        due = begin + number / PACE_PER_S
        for reading in batch:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await recorder.record(Arrival(reading))
            waits.append(time.monotonic() - due)
            due += SOURCES / PACE_PER_S

    await asyncio.gather(*(source(n) for n in range(SOURCES)))
    took = time.monotonic() - begin
    written = meter.cost([os.getpid()]).written - written
    await _end(recorder, worker)
    waits.sort()
    return {
        "rate": len(waits) / took,
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[len(waits) * 99 // 100] * 1000,
        "written": written / len(waits),
    }


async def _end(recorder: Recorder, worker: asyncio.Task[None]) -> None:
    await recorder.close()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def slow_disk(folder: Path, seconds: int) -> dict[str, float]:
    """Return `paced` with 5 ms added to every sync, as a memory card has it."""
    inject = "inject=fsync,fdatasync:delay_exit=5000"
    command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", inject]
    command += ["-o", "/dev/null", sys.executable, "-m", "benchmarks.link.paced"]
    done = subprocess.run(
        [*command, str(folder / "slow"), str(seconds)], capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


def flash(folder: Path, count: int, group: int) -> tuple[float, float]:
    """Return bytes written and processor ms a reading, so many readings a transaction."""
    command = [sys.executable, "-m", "benchmarks.link.paced", str(folder / f"flash-{group}")]
    done = subprocess.run(
        [*command, str(count), str(group)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    return float(told["written"]), float(told["cpu_ms"])


def accept_here(home: Path, count: int, group: int) -> dict[str, float]:
    """Accept readings in this process and measure it: what `flash` starts."""
    with _store(home) as store:
        batch = _batch(store, count)
        before = meter.cost([os.getpid()])
        for first in range(0, count, group):
            intake.accept_all(store, [(r, None) for r in batch[first : first + group]])
        spent = meter.cost([os.getpid()]).since(before)
    return {"written": spent.written / count, "cpu_ms": spent.cpu_s / count * 1000}


def wire_in_batches(box: Box, hospital: Hospital, size: int, batches: int) -> float:
    """Return bytes a reading of both ways, TLS, receipts and acknowledgements included."""
    box.accept(size, start=100_000)
    drain(box, hospital)
    box.start()
    box.accept(size, start=100_000 + size, group=size)
    meter.wait(lambda: box.waiting() == 0, 120, "the first batch")
    time.sleep(2)
    before = box.relay.total
    for number in range(batches):
        box.accept(size, start=100_000 + size * (2 + number), group=size)
        meter.wait(lambda: box.waiting() == 0, 120, "a batch")
    time.sleep(0.3)
    spent = box.relay.total - before
    box.stop()
    return spent / size / batches


def lone_alert(folder: Path) -> tuple[int, int]:
    """Return the bytes of a lone alert sealed, and of its record as a plain JSON publish."""
    with _store(folder / "alert") as store:
        now = store.clock().now()
        form = PatientForm(name="Bibi", sex="female", birth="1958", village="")
        patient = register.register(store, now, form, None)
        value = Value("59408-5", Decimal(82), "%")
        reading = next(readings(1, now))
        low = replace(reading, measured=Measurement(Kind.OXIMETRY, (value,)), patient_id=patient.id)
        intake.accept(store, low)
        record = outbox.records(store, Lane.ALERT, 1, 1)[0].record
    frame = SendFrame("a", 1, 1, 1, GENESIS, bytes(8))
    keys, hospital = BoxKeys.generate(), HospitalKeys.generate()
    sealed = seal_up(*compose(BOX_ID, frame, [record]), keys, hospital.public)
    ours = len(sealed) + len(f"cs/1/u/{BOX_ID}/a") + PUBLISH_BYTES + 1
    return ours, len(record) + len("clinic/0042/alerts") + PUBLISH_BYTES


def backlog(folder: Path, sizes: list[int]) -> list[dict[str, float]]:
    """Return the cost of accepting and of preparing a frame with so many records waiting."""
    found = []
    for size in sizes:
        with _store(folder / f"backlog-{size}") as store:
            _fill(store, size)
            memory = meter.memory_mb([os.getpid()], "Rss")
            batch = _batch(store, 300)
            accepted = _typical(partial(intake.accept, store), batch)
            waiting = StoreOutbox(store)
            prepared = _typical(partial(waiting.fit, "c"), list(range(1, 400, 40)))
            found.append(
                {
                    "waiting": size,
                    "accept_us": accepted * 1e6,
                    "frame_us": prepared * 1e6,
                    "memory_mb": meter.memory_mb([os.getpid()], "Rss") - memory,
                }
            )
    return found


def receive_rate(archive: Archive, count: int, per_frame: int = 500) -> float:
    """Return readings a second from sealed frames to committed rows, in one process."""
    keys, hospital = BoxKeys.generate(), HospitalKeys.generate()
    now_ms = time.time_ns() // 1_000_000
    with archive.transaction():
        boxes.enter(archive, Member(BOX_ID, "Bench", keys.public, "0a", now_ms))
    frames = _frames(count, per_frame, keys, hospital)
    receiver = Receiver(archive, hospital)
    hello, *rest = frames
    receiver.receive(f"cs/1/u/{BOX_ID}/h", hello, now_ms)
    begin = time.monotonic()
    for frame in rest:
        if not receiver.receive(f"cs/1/u/{BOX_ID}/c", frame, now_ms):
            raise AssertionError("a frame without a receipt")
    return count / (time.monotonic() - begin)


def idle_memory(box: Box) -> dict[str, float]:
    """Return the memory of the whole running box after some seconds, in MB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioning.cli", "run"],
        env={**os.environ, "HEALTHPOST_HOME": str(box.home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(12)
        return {"box": meter.memory_mb([process.pid])}
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _store(home: Path) -> Iterator[Store]:
    home.mkdir(parents=True)
    store = Store.create(home / "box.db", BOX_ID)
    try:
        yield store
    finally:
        store.close()


def _batch(store: Store, count: int) -> list[Reading]:
    now = store.clock().now()
    return list(readings(count, now, of=people(store, now)))


def _frames(count: int, per_frame: int, keys: BoxKeys, hospital: HospitalKeys) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder, _store(Path(folder) / "box") as store:
        intake.accept_all(store, [(reading, None) for reading in _batch(store, count)])
        every = outbox.records(store, Lane.CLINICAL, 1, 2 * count)
        records = [q.record for q in every][-count:]
    nonce = b"bench---"
    hello = Hello(1, nonce, {"c": LaneReport(0, 0, len(records))})
    made = [seal_up(hello_header(BOX_ID, nonce, 1), encode(hello), keys, hospital.public)]
    link = GENESIS
    for first in range(0, count, per_frame):
        part = records[first : first + per_frame]
        frame = SendFrame("c", 1, first + 1, len(part), link, nonce)
        made.append(seal_up(*compose(BOX_ID, frame, part), keys, hospital.public))
        for record in part:
            link = chain(link, record)
    return made


def _fill(store: Store, size: int) -> None:
    """Make `size` records wait, by SQL: what they hold does not matter here."""
    with store.transaction():
        first = journal.append(store, "view", store.clock().now(), {"n": 1})
        numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {size})"
        store.execute(
            f"{numbers} INSERT INTO journal (id, lane, kind, record) SELECT ? + i, 'c', 'view',"
            " (SELECT record FROM journal WHERE id = ?) FROM n",
            (first, first),
        )
        store.execute(
            f"{numbers} INSERT INTO outbox (lane, epoch, seq, entry, chain)"
            " SELECT 'c', 1, 1 + i, ? + i, randomblob(16) FROM n",
            (first,),
        )


def _typical(work: Callable[[T], object], items: list[T]) -> float:
    """Return the median seconds of one piece of work."""
    took = []
    for item in items:
        begin = time.perf_counter()
        work(item)
        took.append(time.perf_counter() - begin)
    return meter.median(took)
