"""Detects cloned boxes: two machines with one identity, by the sessions opened in its name.

The names of a box's sessions follow from one another (`sync.core.retry_times.next_nonce`) until its
process starts again; then they follow from a new random one, and the old line is dead for good. So
a line that comes back after another one had begun belongs to a second machine that is alive. Two
machines that write also fork the stream again and again; one that was rolled back forks it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sync.core.retry_times import next_nonce

WITHIN_MS = 24 * 3_600_000
TIMES = 2
"""So many forks, or so many returns of a line, within `WITHIN_MS` are no accident."""

STEPS = 24
"""So many sessions in a row may have been opened without a HELLO that arrived here."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """One session: its nonce, whether it was answered with a new epoch, and whether it lived.

    A session has lived when the box went on in it after our answer. A HELLO that was only late, of
    a line that is dead, opens a session without any frame.
    """

    nonce: bytes
    fork: bool = False
    lived: bool = True


def suspicion(sessions: Sequence[OpenedSession]) -> str | None:
    """Return why two machines must use this identity, from a day's sessions, oldest first."""
    if forks(sessions) >= TIMES:
        return f"it began {forks(sessions)} new epochs within a day"
    if returns(sessions) >= TIMES:
        return "two machines speak under this name in turn"
    return None


def forks(sessions: Sequence[OpenedSession]) -> int:
    """Count new epochs; one that the box never took up, because the answer was lost, is none."""
    count, taken_up = 0, True
    for session in sessions:
        if session.fork and taken_up:
            count += 1
        taken_up = not session.fork
    return count


def returns(sessions: Sequence[OpenedSession]) -> int:
    """Count how often a line of sessions came back after another line had begun.

    A session without a frame proves nothing, nor one that is older than what it comes after.
    """
    lines: list[bytes] = []
    count = 0
    for session in (s for s in sessions if s.lived):
        if any(_follows(last, session.nonce) for last in lines):
            continue
        places = [i for i, last in enumerate(lines) if _follows(session.nonce, last)]
        if places:
            count += places[-1] != len(lines) - 1
            del lines[places[-1]]
        lines.append(session.nonce)  # the line that spoke last stands last
    return count


def _follows(nonce: bytes, last: bytes) -> bool:
    return nonce in _ahead(last)


@lru_cache(maxsize=2_000)
def _ahead(nonce: bytes) -> frozenset[bytes]:
    found = []
    for _ in range(STEPS):
        nonce = next_nonce(nonce)
        found.append(nonce)
    return frozenset(found)
