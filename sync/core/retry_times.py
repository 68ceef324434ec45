"""Timing of the box's session: backoff, timeouts, send window, and the next session's nonce."""

from __future__ import annotations

import hashlib

from sync.core.messages import NONCE_BYTES

BACKOFF_FIRST_MS = 1_000
BACKOFF_LIMIT_MS = 15 * 60_000
RTO_FLOOR_MS = 30_000
HELLO_FLOOR_MS = 5_000
"""A HELLO is small and may be repeated; a contact window is too short for a long timeout."""
SILENCES = 3
"""Unanswered HELLOs or overdue frames in a row after which the link is taken for dead."""
LONG_TRIP_MS = 500
AHEAD_MS = 500
MOST_FRAMES = 8
"""As many as the hospital keeps for a gap before them (`sync.core.hospital.HELD_FRAMES`)."""


def backoff_ms(failures: int, nonce: bytes) -> int:
    """Return the pause before the next try: doubling to 15 minutes, with full jitter."""
    if failures == 0:
        return 0
    top = min(BACKOFF_LIMIT_MS, BACKOFF_FIRST_MS << min(failures, 20))
    return BACKOFF_FIRST_MS // 2 + _luck(nonce, failures) % top


def smooth_ms(old_ms: int | None, trip_ms: int) -> int:
    """Return the smoothed round trip after one more measurement."""
    return trip_ms if old_ms is None else (7 * old_ms + trip_ms) // 8  # RFC 6298, alpha 1/8


def patience_ms(floor_ms: int, trip_ms: int | None, tries: int) -> int:
    """Return how long an answer may take, longer after each silence."""
    return max(floor_ms, 4 * (trip_ms or 0)) << min(tries, SILENCES)


def window(trip_ms: int | None, full_ms: int | None) -> int:
    """Return how many bulk frames may be without a receipt, by the round trips seen so far.

    Two keep a slow link busy. A link that brings a full frame and its receipt in `full_ms` carries
    at least a frame in that time; what it carries so in the round trip and half a second may be
    under way, so that an alert is never further behind. Frames under way lengthen the round trip:
    the number finds its own balance.
    """
    if (trip_ms or 0) > LONG_TRIP_MS:
        return 2
    return 1 if full_ms is None else min(MOST_FRAMES, 1 + AHEAD_MS // max(full_ms, 1))


def next_nonce(nonce: bytes) -> bytes:
    """Return the next session's nonce: as random as the first one, which the shell drew."""
    return hashlib.blake2b(nonce, digest_size=NONCE_BYTES, person=b"CS1-session").digest()


def _luck(nonce: bytes, failures: int) -> int:
    digest = hashlib.blake2b(nonce + failures.to_bytes(4, "big"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
