"""The recorder: the station's one writer, a thread of its own that owns the store.

What devices measured waits here, in order and bounded, until the disk has it; a full or locked
disk is tried again until it has room. Everything else that the station writes (states,
issues, live numbers) is tried once and may fail.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from edge.equipment import controls, registry
from edge.equipment.controls import FiledControl
from edge.model.clock import Clock, Stamp
from edge.model.errors import DiskError, DiskFull, EdgeError, StoreError, StoreRefused
from edge.model.reading import Reading
from edge.readings import intake
from edge.readings.intake import AcceptedReading, Outcome
from edge.store import issues
from edge.store.losses import open_store
from edge.store.store import Store

WAITING_LIMIT = 1000
SUBMITTED_LIMIT = 200
ATTEMPTS = 10
"""How often a record that the store refuses is tried; a full disk is tried without end."""

_log = logging.getLogger(__name__)

Work = Callable[[Store, Stamp], None]
T = TypeVar("T")


GROUP_LIMIT = 64
"""So many arrivals that wait already share one commit."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something a device sent is kept without being a reading."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stamped reading on its way to the disk; `age_s` as `intake.accept` takes it.

    `control`: it was measured of control material, and is nobody's.
    """

    reading: Reading
    age_s: int | None = None
    refusal: Refusal | None = None
    control: bool = False


Kept = Outcome | FiledControl
"""What came of an arrival: as of a reading, or filed as quality control of its device."""


_Waiting = tuple[Arrival, "asyncio.Future[Kept]"]


class Recorder:
    """Makes arrivals durable in the order they came; `work` is its loop."""

    def __init__(
        self,
        database: Path,
        owner: str | None = None,
        *,
        retry_s: float = 2.0,
        limit: int = WAITING_LIMIT,
    ) -> None:
        self._database, self._owner = database, owner
        self._retry_s = retry_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._waiting: asyncio.Queue[_Waiting]
        self._waiting = asyncio.Queue(maxsize=limit)
        self._submitted = BoundedSemaphore(SUBMITTED_LIMIT)
        self._disk = ""
        self._store: Store
        self._clock: Clock

    async def open(self) -> None:
        """Open the store; raises `StoreError`."""
        await asyncio.wrap_future(self._thread.submit(self._open))

    async def close(self, patience_s: float = 5.0) -> None:
        """Close the store when what waits is written, or after `patience_s`; call once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._waiting.join()
        if not self._waiting.empty():
            _log.error("%d readings could not be written", self._waiting.qsize())
        await asyncio.wrap_future(self._thread.submit(self._store.close))
        self._thread.shutdown()

    @property
    def is_full(self) -> bool:
        """Whether the disk took nothing at the last attempt."""
        return self._disk != ""

    def now(self) -> Stamp:
        """Stamp this instant; any thread may ask."""
        return self._clock.now()

    def record(self, arrival: Arrival) -> asyncio.Future[Kept]:
        """Queue an arrival; the future is done when the disk has it, cancelled when it never will.

        Beyond the limit of waiting arrivals a new one is dropped: memory is bounded too.
        """
        done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((arrival, done))
        except asyncio.QueueFull:
            _log.error("the disk takes nothing and memory is full: a reading was dropped")
            done.cancel()
        return done

    def submit(self, work: Work) -> None:
        """Let the writer run `work(store, now)` soon, in order; failures are logged, not raised."""
        if not self._submitted.acquire(blocking=False):
            _log.warning("the writer is behind: a note was dropped")
            return
        self._thread.submit(self._run, work).add_done_callback(self._finished)

    async def fetch(self, work: Callable[[Store, Stamp], T]) -> T:
        """Let the writer run `work(store, now)`; return what it returns, raise what it raises."""
        return await asyncio.wrap_future(
            self._thread.submit(lambda: work(self._store, self._clock.now()))
        )

    async def work(self) -> None:
        """Make arrivals durable in their order, for ever; what waits together shares a commit."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < GROUP_LIMIT and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            try:
                await self._group(group)
            finally:
                for _, done in group:
                    done.cancel()  # no effect on a future that is done
                    self._waiting.task_done()

    # --- on the loop ---------------------------------------------------------------------------

    async def _group(self, group: list[_Waiting]) -> None:
        """Commit a group, or each by itself when one of them spoils it or the disk is full."""
        if len(group) > 1:
            arrivals = [arrival for arrival, _ in group]
            try:
                kept = await asyncio.wrap_future(self._thread.submit(self._keep_all, arrivals))
            except Exception as error:
                _log.warning("%d readings together failed (%s); one by one", len(group), error)
            else:
                self._report_disk_works()
                for (_, done), outcome in zip(group, kept, strict=True):
                    _answer(done, outcome)
                return
        for arrival, done in group:
            _answer(done, await self._alone(arrival))

    async def _alone(self, arrival: Arrival) -> Kept | None:
        try:
            return await self._durable(arrival)
        except Exception:  # whatever one reading does to us, those behind it are recorded
            _log.exception("a reading could not be recorded")
            return None

    async def _durable(self, arrival: Arrival) -> Kept | None:
        attempts = 0
        while True:
            try:
                outcome = await asyncio.wrap_future(self._thread.submit(self._keep, arrival))
            except DiskError as error:
                self._report_disk(error)
            except StoreRefused as error:  # it waits in memory until there is a file again
                _log.error("%s; readings wait in memory", error)
                with suppress(StoreError):
                    await asyncio.wrap_future(self._thread.submit(self._open_again))
            except StoreError as error:
                attempts += 1
                _log.error("attempt %d to record a reading failed: %s", attempts, error)
                if attempts >= ATTEMPTS:
                    return None
            else:
                self._report_disk_works()
                return outcome
            await asyncio.sleep(self._retry_s)

    def _report_disk(self, error: DiskError) -> None:
        kind = "disk-full" if isinstance(error, DiskFull) else "disk-fault"
        if self._disk != kind:
            _log.error("%s: readings wait in memory (%s)", kind, error)
        self._disk = kind
        self.submit(lambda store, now: issues.note(store, now, kind))

    def _report_disk_works(self) -> None:
        if self._disk:
            self._disk = ""
            self.submit(_clear_disk_issues)

    # --- on the writer's thread ----------------------------------------------------------------

    def _open(self) -> None:
        self._store = open_store(self._database, self._owner)
        self._clock = self._store.clock()

    def _open_again(self) -> None:
        former = self._store
        self._open()
        former.close()

    def _keep_all(self, arrivals: list[Arrival]) -> list[Kept]:
        last: dict[str, Stamp] = {}
        with self._store.transaction():
            outcomes = [self._enter(arrival) for arrival in arrivals]
            for arrival, outcome in zip(arrivals, outcomes, strict=True):
                device_id = arrival.reading.device_id
                if isinstance(outcome, AcceptedReading) and device_id is not None:
                    last[device_id] = arrival.reading.stamp
            for device_id, stamp in last.items():
                registry.set_reading_time(self._store, stamp, device_id)
        return outcomes

    def _keep(self, arrival: Arrival) -> Kept:
        return self._keep_all([arrival])[0]

    def _enter(self, arrival: Arrival) -> Kept:
        reading, refusal = arrival.reading, arrival.refusal
        if arrival.control:
            return controls.file(self._store, reading)
        if refusal is not None:
            return intake.refuse(self._store, reading, refusal.kind, refusal.text)
        return intake.accept(self._store, reading, age_s=arrival.age_s)

    def _run(self, work: Work) -> None:
        try:
            work(self._store, self._clock.now())
        except EdgeError as error:
            _log.warning("a note was not written: %s", error)

    def _finished(self, done: Future[None]) -> None:
        self._submitted.release()
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("a note failed", exc_info=error)


def _clear_disk_issues(store: Store, _now: Stamp) -> None:
    for kind in ("disk-full", "disk-fault"):
        issues.clear(store, kind)


def _answer(done: asyncio.Future[Kept], outcome: Kept | None) -> None:
    if outcome is not None and not done.done():
        done.set_result(outcome)
