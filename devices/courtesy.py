"""When a device that advertises is worth connecting to. Pure: time comes in as an argument.

Devices go on advertising after they have handed over what they had; connecting again and again
would empty their batteries and hold the radio. A device is left alone after a useful session until
it fell silent, broadcasts something else, or some time has passed; after a useless one for a
delay that grows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DELAYS_S = (0.25, 1.0, 4.0, 15.0, 30.0)
"""After the first, second, ... session in a row without a value."""

CONTACTS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Manners:
    """Seconds of silence that end a cool-down, and the longest cool-down."""

    gap_s: float = 5.0
    cool_s: float = 20.0


@dataclass(frozen=True, slots=True)
class _Contact:
    heard_s: float
    data: int
    not_before_s: float = 0.0
    failures: int = 0


class Courtesy:
    """Remembers every device heard, a bounded number of them."""

    def __init__(self, manners: Manners | None = None) -> None:
        self._manners = manners or Manners()
        self._contacts: dict[str, _Contact] = {}

    def due(self, address: str, data: int, now_s: float) -> bool:
        """Take note of an advertisement; return whether to connect."""
        known = self._contacts.pop(address, _Contact(now_s, data))
        came_back = now_s - known.heard_s >= self._manners.gap_s
        says_more = data != known.data
        free_s = 0.0 if came_back or says_more else known.not_before_s
        failures = 0 if came_back else known.failures
        self._contacts[address] = _Contact(now_s, data, free_s, failures)
        if len(self._contacts) > CONTACTS_LIMIT:
            del self._contacts[next(iter(self._contacts))]
        return now_s >= free_s

    def ended(self, address: str, now_s: float, useful: bool) -> None:
        """Take note that a session, or the attempt at one, is over."""
        known = self._contacts.get(address, _Contact(now_s, 0))
        if useful:
            until_s = now_s + self._manners.cool_s
            known = replace(known, heard_s=now_s, not_before_s=until_s, failures=0)
        else:
            until_s = now_s + DELAYS_S[min(known.failures, len(DELAYS_S) - 1)]
            failures = known.failures + 1
            known = replace(known, heard_s=now_s, not_before_s=until_s, failures=failures)
        self._contacts[address] = known
