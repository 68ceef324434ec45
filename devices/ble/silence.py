"""Devices that connect and never tell anything, so that a technician hears of it. Pure.

A scale that waits for a user, a cuff whose values go another way, a device that is taken for what
it is not: each connects, again and again, and nothing comes. One that once told a value is only
idle.
"""

from __future__ import annotations

SILENT_CONNECTIONS = 3
"""So many connections without a value, from the first on, are worth a word."""

KNOWN_LIMIT = 500


class SilentConnections:
    """Counts them, of a bounded number of devices."""

    def __init__(self) -> None:
        self._silent: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._silent)

    def ended(self, address: str, told: bool) -> bool:
        """Take note of the end of a connection; return whether the device tells nothing."""
        silent = 0 if told else self._silent.get(address, 0) + 1
        self._silent.pop(address, None)
        if silent:
            self._silent[address] = silent
        if len(self._silent) > KNOWN_LIMIT:
            del self._silent[next(iter(self._silent))]
        return silent >= SILENT_CONNECTIONS
