"""The types of the link: addresses, TLS files, limits, backoff, and events.

They stand apart from `sync.link.link` so that a courier or a receive worker can be read, and its
decisions be tested, without a broker.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class LinkError(Exception):
    """The link was used against its rules: not up, or flooded."""


class Why(StrEnum):
    """Why a session ended."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    LOST = "lost"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the only authority that is trusted, our certificate, our private key."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when this client disappears without a DISCONNECT."""

    topic: str
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a link behaves; the defaults suit a box on a thin radio link.

    A small send buffer leaves a backlog in our own queue, where an alert can overtake it.
    """

    keepalive_s: int = 120
    connect_s: float = 30
    window: int = 20
    send_buffer: int = 8192


THIN_LINK = Limits()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait between two tries: the shortest, and the longest it grows to."""

    first_s: float = 1
    cap_s: float = 900


PATIENT = Backoff()


@dataclass(frozen=True, slots=True)
class CertificateSpan:
    """From when to when a certificate holds, in Unix seconds."""

    first_s: int
    last_s: int


@dataclass(frozen=True, slots=True)
class Up:
    """Connected and subscribed; at most `window` messages may be on the way at once.

    `certificate` is the span of the broker's certificate, which nobody has compared with a clock.
    """

    window: int
    certificate: CertificateSpan | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Down:
    """The session is over, or never came to be. `open` starts another."""

    why: Why
    detail: str


@dataclass(frozen=True, slots=True)
class Message:
    """Something arrived. With `manual_ack`, hand it to `Link.ack` once it is safe."""

    topic: str
    payload: bytes
    mid: int
    generation: int


@dataclass(frozen=True, slots=True)
class PublishAcked:
    """The broker took the message with this ticket; it does not mean that the hospital has it.

    `has_subscriber` is False when the broker reports no subscriber: then the message is lost.
    """

    ticket: int
    has_subscriber: bool = True


@dataclass(frozen=True, slots=True)
class PublishFailed:
    """The broker did not take the message, for example because its topic is not ours."""

    ticket: int
    reason: str


Event = Up | Down | Message | PublishAcked | PublishFailed


def next_try(attempts: int, rng: random.Random, backoff: Backoff = PATIENT) -> float:
    """Return the seconds to wait after `attempts` failures: full jitter, so boxes spread out."""
    ceiling = min(backoff.cap_s, backoff.first_s * 2.0 ** min(attempts, 30))
    return rng.uniform(min(backoff.first_s, ceiling), ceiling)
