"""Detects cloned boxes: two machines with one identity, by the sessions opened in its name.

A box may say which machine it is and which boot of it this is. No machine goes back to an earlier
boot, so a boot that comes back belongs to a second machine that is alive. A card that falls back at
each boot forks its stream each time, and is one machine all the same.

Of a box that does not say, the nonces of its sessions follow from one another
(`sync.core.retry_times.next_nonce`) until its process starts again; then they follow from a new
random one, and the old line is dead for good. So a line that comes back after another one had begun
belongs to a second machine that is alive. Two machines that write also fork the stream again and
again; one that was rolled back mostly forks it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sync.core.retry_times import next_nonce

WITHIN_MS = 24 * 3_600_000
TIMES = 2
"""So many forks, or so many returns, within `WITHIN_MS` are no accident."""

LATEST = 200
"""So many sessions are looked at: a box that opens one after another must not cost the others."""

STEPS = 24
"""So many sessions in a row may have been opened without a HELLO that arrived here."""

MACHINE, BOOT = "machine", "boot"
"""What HELLO calls the two names of the machine among what it says about the box."""

IN_TURN = "two machines speak under this name in turn"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """One session: its nonce, whether it was answered with a new epoch, and whether it lived.

    A session has lived when the box went on in it after our answer. A HELLO that was only late, of
    a line that is dead, opens a session without any frame. `machine` and `boot` are empty when the
    box does not say.
    """

    nonce: bytes
    fork: bool = False
    lived: bool = True
    machine: str = ""
    boot: str = ""


def suspicion(sessions: Sequence[OpenedSession]) -> str | None:
    """Return why two machines must use this identity, from a day's sessions, oldest first.

    Of many only the `LATEST` count.
    """
    sessions = sessions[-LATEST:]
    if sessions and all(session.boot for session in sessions):
        return _of_named(sessions)
    if forks(sessions) >= TIMES:
        return f"it began {forks(sessions)} new epochs within a day"
    return IN_TURN if returns(sessions) >= TIMES else None


def _of_named(sessions: Sequence[OpenedSession]) -> str | None:
    """Judge sessions that all say of which boot they are: forks alone prove nothing then.

    Two machines that never speak in the same boot twice, and two copies of a box that share a
    machine, are told by their forks as well.
    """
    if _comings_back(sessions, lambda s: s.boot) >= TIMES:
        return IN_TURN
    forked = forks(sessions) >= TIMES
    if forked and _comings_back(sessions, lambda s: s.machine) >= TIMES:
        return "two machines change its records in turn"
    return IN_TURN if forked and returns(sessions) >= TIMES else None


def _comings_back(sessions: Sequence[OpenedSession], name: Callable[[OpenedSession], str]) -> int:
    """Count how often a name came back after another one, of the sessions that lived."""
    names: list[str] = []
    count = 0
    for called in (name(s) for s in sessions if s.lived):
        if not called or (names and names[-1] == called):
            continue
        count += called in names
        names.append(called)
    return count


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
