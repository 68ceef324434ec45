"""The clock inside a simulated device: local time without a zone, right only if somebody set it."""

from __future__ import annotations

from datetime import datetime, timedelta

NEVER_SET = datetime(2000, 1, 1)  # noqa: DTZ001 - a device's clock has no zone


class DeviceClock:
    """Runs at the right speed from wherever it was last set."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the device's wall clock, whole seconds, without zone."""
        return (_local_now() + self._offset).replace(microsecond=0)

    def set(self, when: datetime) -> None:
        """Set the clock, as a host does by writing Date Time."""
        self._offset = when - _local_now()

    def lose(self) -> None:
        """Fall back to the first day of the device's calendar, as after a change of battery."""
        self.set(NEVER_SET)


def _local_now() -> datetime:
    return datetime.now().astimezone().replace(tzinfo=None)
