"""Session with a Contec oximeter of the 7D protocol: live numbers, then its memory.

    greeting --model--> live --finger out for a while--> recalling --silence--> live

The live stream ends by itself without a keep-alive. The memory is a series of samples without any
time: what a segment held is told once, as the median of its samples and known by its content; it
is read when no finger waits, once a connection.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from hashlib import blake2b
from statistics import median_low

from devices.driver import Event, Turn
from devices.protocols import cms50_v7 as protocol
from devices.protocols.observations import UNCHECKED, oximetry
from edge.model.reading import Measurement

GREET_MS = 2000
KEEP_ALIVE_MS = 5000
IDLE_MS = 8000
"""So long without a finger, then the memory is read."""

RECALL_SILENT_MS = 2500
RECALL_LONGEST_MS = 60_000
SAMPLES_LIMIT = 100_000
"""More than a day at one sample a second, the largest memory of this family."""

LEAST_SAMPLES = 10

_Sample = tuple[int | None, int | None]


class _Stage(Enum):
    GREETING = auto()
    LIVE = auto()
    RECALLING = auto()


def session() -> Cms50Session:
    """Return a session."""
    return Cms50Session()


class Cms50Session:
    """A `Session` with one oximeter."""

    def __init__(self) -> None:
        self._stage = _Stage.GREETING
        self._next_ms = self._heard_ms = self._finger_ms = self._recall_ms = 0
        self._recalled_once = False
        self._samples: list[_Sample] = []

    @property
    def next_timeout(self) -> int | None:
        """When the next keep-alive, greeting or end of the memory is due."""
        return self._next_ms

    def start(self, now_ms: int) -> Turn:
        """Stop a stream that may still run, and ask for the model."""
        self._begin(now_ms)
        return Turn(write=self._greeting(), state="listening")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Pass live samples on, collect stored ones."""
        if event.name == "model" and self._stage is _Stage.GREETING:
            return self._go_live(now_ms)
        if event.name == "disconnect":
            self._begin(now_ms)
            return Turn(samples=(None,), state="listening")
        if event.name == "stored" and self._stage is _Stage.RECALLING:
            self._keep(event, now_ms)
        if event.name == "reading":
            return self._live(event, now_ms)
        return Turn()

    def on_timeout(self, now_ms: int) -> Turn:
        """Greet again, keep the stream alive, or end the memory."""
        if now_ms < self._next_ms:
            return Turn()
        if self._stage is _Stage.GREETING:
            self._next_ms = now_ms + GREET_MS
            return Turn(write=self._greeting(), state="listening")
        if self._stage is _Stage.RECALLING:
            return self._recalled(now_ms)
        if now_ms - self._heard_ms > 2 * KEEP_ALIVE_MS:
            return self.start(now_ms)
        if self._may_recall(now_ms):
            return self._recall(now_ms)
        self._next_ms = now_ms + KEEP_ALIVE_MS
        return Turn(write=protocol.command(protocol.KEEP_ALIVE))

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing: an oximeter starts when a finger comes."""
        return Turn()

    def stop(self) -> bytes:
        """End the stream, so that the oximeter can switch itself off."""
        return protocol.command(protocol.LIVE_STOP)

    # --- live ----------------------------------------------------------------------------------

    def _begin(self, now_ms: int) -> None:
        self._stage = _Stage.GREETING
        self._next_ms = now_ms + GREET_MS
        self._heard_ms = self._finger_ms = now_ms
        self._recalled_once = False
        self._samples = []

    def _greeting(self) -> bytes:
        return protocol.command(protocol.LIVE_STOP) + protocol.command(protocol.MODEL)

    def _go_live(self, now_ms: int) -> Turn:
        self._stage = _Stage.LIVE
        self._heard_ms = self._finger_ms = now_ms
        self._next_ms = now_ms + KEEP_ALIVE_MS
        return Turn(write=protocol.command(protocol.LIVE_START), state="connected")

    def _live(self, event: Event, now_ms: int) -> Turn:
        """A stream that nobody started here still runs from before: it is as good."""
        if self._stage is _Stage.RECALLING:
            return Turn()
        turn = self._go_live(now_ms) if self._stage is _Stage.GREETING else Turn()
        self._heard_ms = now_ms
        sample = protocol.measured(event)
        if sample is not None:
            self._finger_ms = now_ms
        return replace(turn, samples=(sample,))

    # --- the memory ----------------------------------------------------------------------------

    def _may_recall(self, now_ms: int) -> bool:
        return not self._recalled_once and now_ms - self._finger_ms >= IDLE_MS

    def _recall(self, now_ms: int) -> Turn:
        self._stage = _Stage.RECALLING
        self._recalled_once = True
        self._samples = []
        self._recall_ms = now_ms
        self._next_ms = now_ms + RECALL_SILENT_MS
        stop = protocol.command(protocol.LIVE_STOP)
        return Turn(write=stop + protocol.command(protocol.STORED_START))

    def _keep(self, event: Event, now_ms: int) -> None:
        samples = event.fields["samples"]
        if isinstance(samples, tuple) and len(self._samples) < SAMPLES_LIMIT:
            self._samples.extend(samples)
        if now_ms - self._recall_ms < RECALL_LONGEST_MS:
            self._next_ms = now_ms + RECALL_SILENT_MS

    def _recalled(self, now_ms: int) -> Turn:
        turn = self._go_live(now_ms)
        samples, self._samples = self._samples, []
        measured = _segment(samples)
        stop = protocol.command(protocol.STORED_STOP)
        found = () if measured is None else (measured,)
        return replace(turn, write=stop + turn.write, measured=found)


def _segment(samples: list[_Sample]) -> Measurement | None:
    valid = [(spo2, pulse) for spo2, pulse in samples if spo2 and pulse]
    if len(valid) < LEAST_SAMPLES:
        return None
    content = b"".join(bytes((spo2 or 0, pulse or 0)) for spo2, pulse in samples)
    middle = {
        "spo2": median_low(spo2 for spo2, _ in valid),
        "pulse": median_low(pulse for _, pulse in valid),
    }
    found = oximetry(middle, (UNCHECKED, "median_of_segment"), stored=True)
    if found is None:
        return None
    name = blake2b(content, digest_size=8).hexdigest()
    return replace(found, user=0, record=f"segment 0, {len(samples)} samples, {name}")
