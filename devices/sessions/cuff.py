"""Session with a blood-pressure module: a person starts it, a result must be its own.

    idle --a person asks--> inflating --done--> fetching --result--> idle
           inflating, fetching --person stops, silence, too long--> abort --> idle

A module keeps its last result, which may be another patient's: what comes counts only after the
pressure of this cuff has risen in this measurement. Whatever goes wrong, the cuff is told to
deflate: when the port opens (a former process may have died), when it closes, and at every end
that is no result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from devices.driver import Event, Turn
from edge.model.reading import Measurement

RISEN_MMHG = 20
RISE_MS = 12_000
"""A cuff whose pressure has not risen by then is not inflating, whatever the module says."""

LONGEST_MS = 180_000
"""No measurement of an adult takes longer (IEC 80601-2-30: 180 s)."""

SILENT_MS = 5000
GAP_MS = 150
"""Modules want 100 ms between two commands."""

FETCH_MS = 1000
FETCHES = 5
DEFLATED_MMHG = 10
DEFLATED_TIMES = 4
STOP = "stop"


class CuffEvent(Enum):
    """What an event of any module comes down to."""

    NOTHING = auto()
    PRESSURE = auto()
    DONE = auto()
    REFUSED = auto()
    BUSY = auto()
    ABORTED = auto()
    RESULT = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Module:
    """How one protocol does it. `starts` by the person's request; `watch` and `fetch` may be empty.

    `poll` is a harmless question, put every `poll_ms` while idle; `others` are samples that come
    besides (a board's oximeter).
    """

    starts: Mapping[str, bytes]
    abort: bytes
    cuff_event: Callable[[Event], CuffEvent]
    measured: Callable[[Event], Measurement | None]
    poll: bytes = b""
    poll_ms: int = 2000
    watch: bytes = b""
    watch_ms: int = 400
    fetch: bytes = b""
    opening: bytes = b""
    sample: Callable[[Event], bool] = lambda event: False


class _Stage(Enum):
    IDLE = auto()
    INFLATING = auto()
    FETCHING = auto()


class CuffSession:
    """A `Session` with a module."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._stage = _Stage.IDLE
        self._opened = False
        self._asked_ms = self._heard_ms = self._next_ms = 0
        self._risen = False
        self._low = self._fetched = 0

    @property
    def next_timeout(self) -> int | None:
        """When something is to be asked, or an end is due."""
        return self._next_ms

    def start(self, now_ms: int) -> Turn:
        """Deflate what a former process may have left inflated, then listen."""
        self._stage = _Stage.IDLE
        self._opened = False
        self._reset(now_ms)
        self._next_ms = now_ms + GAP_MS
        return Turn(write=self._module.abort, state="listening")

    def ask(self, request: str, now_ms: int) -> Turn:
        """Start or stop because a person said so; while a cuff is busy only stopping counts."""
        if request == STOP:
            return self._end("stopped" if self._stage is not _Stage.IDLE else "", now_ms)
        command = self._module.starts.get(request)
        if command is None or self._stage is not _Stage.IDLE:
            return Turn()
        self._reset(now_ms)
        self._stage = _Stage.INFLATING
        self._next_ms = now_ms + self._module.watch_ms
        return Turn(write=command, state="measuring")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Follow the measurement; what nobody asked for is ignored."""
        self._heard_ms = now_ms
        if self._module.sample(event):
            return Turn(samples=(self._module.measured(event),))
        if self._stage is _Stage.IDLE:
            return self._take_idle(event)
        return self._follow(self._module.cuff_event(event), event, now_ms)

    def on_timeout(self, now_ms: int) -> Turn:
        """Ask what is due; end what takes too long."""
        if now_ms < self._next_ms:
            return Turn()
        if self._stage is _Stage.IDLE:
            return self._poll(now_ms)
        trouble = self._trouble(now_ms)
        if trouble:
            return self._end(trouble, now_ms)
        if self._stage is _Stage.FETCHING:
            return self._fetch(now_ms)
        self._next_ms = now_ms + self._module.watch_ms
        return Turn(write=self._module.watch)

    def stop(self) -> bytes:
        """Deflate, whether or not we believe that anything is inflated."""
        self._stage = _Stage.IDLE
        return self._module.abort

    # --- in a measurement ----------------------------------------------------------------------

    def _follow(self, cuff_event: CuffEvent, event: Event, now_ms: int) -> Turn:
        if cuff_event is CuffEvent.PRESSURE:
            return self._watch(event, now_ms)
        if cuff_event is CuffEvent.REFUSED or cuff_event is (
            CuffEvent.ABORTED if self._risen else CuffEvent.BUSY
        ):
            return self._end(cuff_event.name.lower(), now_ms)
        if not self._risen:
            return Turn()  # still the words about the measurement before
        if cuff_event is CuffEvent.DONE and self._stage is _Stage.INFLATING:
            return self._begin_fetching(now_ms)
        return self._conclude(cuff_event, event, now_ms) if self._wants_result() else Turn()

    def _conclude(self, cuff_event: CuffEvent, event: Event, now_ms: int) -> Turn:
        if cuff_event is CuffEvent.FAILED:
            return self._end(str(event.fields.get("code", "failed")), now_ms)
        return self._take(event, now_ms) if cuff_event is CuffEvent.RESULT else Turn()

    def _wants_result(self) -> bool:
        """A module that is asked for its result may only answer that question."""
        return self._stage is _Stage.FETCHING or not self._module.fetch

    def _watch(self, event: Event, now_ms: int) -> Turn:
        pressure = event.fields.get("pressure")
        height = pressure if isinstance(pressure, int) else 0
        self._risen = self._risen or height >= RISEN_MMHG
        self._low = self._low + 1 if self._risen and height < DEFLATED_MMHG else 0
        if self._low < DEFLATED_TIMES or self._stage is not _Stage.INFLATING:
            return Turn()
        return self._begin_fetching(now_ms)  # the module's "done" was lost

    def _begin_fetching(self, now_ms: int) -> Turn:
        self._stage = _Stage.FETCHING
        self._next_ms = now_ms + GAP_MS
        return Turn()

    def _fetch(self, now_ms: int) -> Turn:
        self._next_ms = now_ms + FETCH_MS
        self._fetched += 1
        return Turn(write=self._module.fetch)

    def _take(self, event: Event, now_ms: int) -> Turn:
        found = self._module.measured(event)
        age_s = (now_ms - self._asked_ms) // 1000
        self._stage = _Stage.IDLE
        self._next_ms = now_ms + self._module.poll_ms
        if found is None:
            return Turn(failed="no-values", state="connected")
        return Turn(measured=(found,), state="connected", age_s=age_s)

    def _trouble(self, now_ms: int) -> str:
        running_ms = now_ms - self._asked_ms
        if running_ms > LONGEST_MS:
            return "timeout"
        if now_ms - self._heard_ms > SILENT_MS:
            return "silent"
        if not self._risen and running_ms > RISE_MS:
            return "not-inflating"
        return "no-result" if self._fetched >= FETCHES else ""

    def _end(self, why: str, now_ms: int) -> Turn:
        self._stage = _Stage.IDLE
        self._next_ms = now_ms + max(GAP_MS, self._module.poll_ms)
        return Turn(write=self._module.abort, failed=why, state="connected")

    # --- between measurements ------------------------------------------------------------------

    def _take_idle(self, event: Event) -> Turn:
        sound = event.name != "error" or event.fields["kind"] == "device_error"
        return Turn(state="connected" if sound else "")

    def _poll(self, now_ms: int) -> Turn:
        opening = b"" if self._opened else self._module.opening
        self._opened = True
        self._next_ms = now_ms + self._module.poll_ms
        lost = now_ms - self._heard_ms > max(SILENT_MS, 3 * self._module.poll_ms)
        return Turn(write=opening or self._module.poll, state="listening" if lost else "")

    def _reset(self, now_ms: int) -> None:
        self._asked_ms = self._heard_ms = now_ms
        self._next_ms = now_ms
        self._risen = False
        self._low = self._fetched = 0
