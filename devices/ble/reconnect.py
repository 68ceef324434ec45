"""Reconnect policy: when to connect to a device that advertises. Pure: time is an argument.

Devices go on advertising after they have handed over what they had; connecting again and again
would empty their batteries and hold the radio. A device is left alone after a session with news
until it fell silent, broadcasts something else, or some time has passed; only shortly when it hung
up by itself and a repetition could do no harm. After a session without news (silence, or what is
held already) it is left alone for a delay that grows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

DELAYS_S = (0.25, 1.0, 4.0, 15.0, 30.0)
"""After the first, second, ... session in a row without a value."""

CONTACTS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ReconnectTimes:
    """Seconds of silence that end a cool-down, and how long it lasts at most, long and short."""

    gap_s: float = 5.0
    cool_s: float = 20.0
    short_s: float = 1.0


class SessionEnd(Enum):
    """How a session ended."""

    NO_NEWS = auto()
    NEWS = auto()
    NEWS_AND_HUNG_UP = auto()


@dataclass(frozen=True, slots=True)
class _Contact:
    heard_s: float
    data: int
    not_before_s: float = 0.0
    failures: int = 0


class ReconnectPolicy:
    """Remembers every device heard, a bounded number of them."""

    def __init__(self, times: ReconnectTimes | None = None) -> None:
        self._times = times or ReconnectTimes()
        self._contacts: dict[str, _Contact] = {}

    def __len__(self) -> int:
        return len(self._contacts)

    def due(self, address: str, data: int, now_s: float) -> bool:
        """Take note of an advertisement; return whether to connect."""
        known = self._contacts.pop(address, _Contact(now_s, data))
        came_back = now_s - known.heard_s >= self._times.gap_s
        differs = data != known.data
        free_s = 0.0 if came_back or differs else known.not_before_s
        failures = 0 if came_back else known.failures
        self._contacts[address] = _Contact(now_s, data, free_s, failures)
        if len(self._contacts) > CONTACTS_LIMIT:
            del self._contacts[next(iter(self._contacts))]
        return now_s >= free_s

    def ended(self, address: str, now_s: float, end: SessionEnd) -> None:
        """Take note that a session, or the attempt at one, is over."""
        known = self._contacts.get(address, _Contact(now_s, 0))
        failures = known.failures + 1 if end is SessionEnd.NO_NEWS else 0
        rest_s = {
            SessionEnd.NO_NEWS: DELAYS_S[min(known.failures, len(DELAYS_S) - 1)],
            SessionEnd.NEWS: self._times.cool_s,
            SessionEnd.NEWS_AND_HUNG_UP: self._times.short_s,
        }[end]
        self._contacts[address] = replace(
            known, heard_s=now_s, not_before_s=now_s + rest_s, failures=failures
        )
