"""The types of the box's session: its state, its events, and its effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from sync.core.messages import NONCE_BYTES, DownMessage
from sync.core.retry_times import smooth_ms


class Phase(StrEnum):
    """Where a session stands."""

    OFFLINE = "offline"
    DIALING = "dialing"
    HELLO_SENT = "hello-sent"
    STREAMING = "streaming"
    FORKED = "forked"
    FENCED = "fenced"


class Outbox(Protocol):
    """What the core may ask the journal; all of it about the current epoch."""

    def lanes(self) -> Sequence[str]:
        """Return the lanes that carry records, most urgent first."""

    def epoch(self) -> int:
        """Return the current epoch."""

    def held(self, lane: str) -> LaneState:
        """Return what the box holds of a lane."""

    def chain_at(self, lane: str, seq: int) -> bytes | None:
        """Return the chain after `seq`, None when it is pruned or was never numbered."""

    def fit(self, lane: str, first_seq: int) -> int:
        """Return how many records from `first_seq` on fill one small frame, 0 when there is none.

        A single record that alone is too large still counts as 1 (see
        `sync.frames.framing.compose`).
        """


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane at the box: pruned to `base`, backed up to `safe`, confirmed to `cum`, `last` held."""

    base: int
    safe: int
    cum: int
    last: int


@dataclass(frozen=True, slots=True)
class Flight:
    """A frame under way. `fresh` is False for a repeat, whose answer measures no round trip.

    `full`: more records waited than it could hold, so its round trip measures the link's speed.
    """

    first: int
    last: int
    at_ms: int
    fresh: bool
    full: bool = False


@dataclass(frozen=True, slots=True)
class SendingLane:
    """One lane in this session.

    Frames up to `repeat_to` are repeats; rows up to `careful_to` go one by one; the gap at
    `went_back_to` was answered. `behind` is the doubt that the hospital was restored.
    """

    cum: int
    safe: int
    flights: tuple[Flight, ...] = ()
    repeat_to: int = 0
    careful_to: int = 0
    went_back_to: int = -1
    behind: bool = False

    @property
    def sent(self) -> int:
        """The last sequence handed to the link and not taken back."""
        return self.flights[-1].last if self.flights else self.cum


@dataclass(frozen=True, slots=True)
class BoxSession:
    """All that the box remembers of a session; lost in a crash without harm.

    `due_ms` is the deadline of every phase; while STREAMING it is that of an idle link, and
    frames under way have their own. `tries` counts silences: unanswered HELLOs, overdue frames.
    `srtt_ms` is the smoothed round trip, `full_ms` that of full bulk frames in this session.
    `careful` outlives a session: up to where, in `epoch`, each lane's rows must go one by one.
    """

    phase: Phase = Phase.OFFLINE
    epoch: int = 0
    nonce: bytes = bytes(NONCE_BYTES)
    due_ms: int | None = None
    hello_ms: int = 0
    tries: int = 0
    failures: int = 0
    restarts: int = 0
    srtt_ms: int | None = None
    full_ms: int | None = None
    streams: Mapping[str, SendingLane] = field(default_factory=dict)
    careful: Mapping[str, int] = field(default_factory=dict)


def clock_trips(session: BoxSession, landed: Sequence[Flight], now_ms: int) -> BoxSession:
    """Return the session after frames that were sent once have landed: its round trips."""
    for flight in landed[-1:]:
        session = replace(session, srtt_ms=smooth_ms(session.srtt_ms, now_ms - flight.at_ms))
    for flight in [f for f in landed if f.full][-1:]:
        session = replace(session, full_ms=smooth_ms(session.full_ms, now_ms - flight.at_ms))
    return session


# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Begin to dial. `nonce` is 8 bytes from the system's random source, new for every process."""

    now_ms: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The link is up: connected to the broker and subscribed."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link is gone, or the dial failed."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message whose signature is the hospital's and whose addressee is this box."""

    now_ms: int
    message: DownMessage


@dataclass(frozen=True, slots=True)
class RecordsAppended:
    """The outbox may have grown."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; early and superfluous ticks do nothing."""

    now_ms: int


Event = Start | LinkUp | LinkLost | MessageArrived | RecordsAppended | Tick

# --- effects ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """Make a new link; answer with LinkUp or LinkLost."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Drop the link; no LinkLost is needed."""

    reason: str


@dataclass(frozen=True, slots=True)
class SendHello:
    """Seal and publish `hello(outbox, effect, about)` in lane "h"."""

    nonce: bytes
    fork: bool


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Read, pack, seal and publish `n` records of a lane; `alone` asks for the plain encoding."""

    lane: str
    epoch: int
    first_seq: int
    n: int
    prev_chain: bytes
    nonce: bytes
    alone: bool = False


@dataclass(frozen=True, slots=True)
class PersistCustody:
    """Store what the hospital holds; `cum` may move back. Records up to `safe` may be pruned."""

    lane: str
    cum: int
    safe: int


@dataclass(frozen=True, slots=True)
class StartEpoch:
    """In one transaction renumber every retained record of every lane into `epoch`, from 1 on."""

    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnchorClock:
    """The hospital's clock showed `utc_ms` at `now_ms` of the event, within `error_ms`."""

    utc_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send a Tick at `at_ms`, and forget the timer set before; None: no tick is needed."""

    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the log, and for the audit when `kind` is "fork" or "fenced"."""

    kind: str
    text: str


Effect = (
    Dial
    | HangUp
    | SendHello
    | SendFrame
    | PersistCustody
    | StartEpoch
    | AnchorClock
    | SetTimer
    | Note
)
