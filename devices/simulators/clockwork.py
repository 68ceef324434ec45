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

    def switched_on(self) -> None:
        """Take note that the device was switched on."""

    def set(self, when: datetime) -> None:
        """Set the clock, as a host does by writing Date Time."""
        self._offset = when - _local_now()

    def lose(self) -> None:
        """Fall back to the first day of the device's calendar, as after a change of battery."""
        self.set(NEVER_SET)


class StandingClock(DeviceClock):
    """Stands at the first day of the device's calendar; setting it changes nothing."""

    def now(self) -> datetime:
        """Return the same time again and again."""
        return NEVER_SET

    def set(self, when: datetime) -> None:
        """Do nothing."""


class ForgetfulClock(DeviceClock):
    """Falls back to one time at each switch-on, and runs from there."""

    def __init__(self, back_to: datetime = NEVER_SET) -> None:
        super().__init__()
        self._back_to = back_to
        self.switched_on()

    def switched_on(self) -> None:
        """Begin again at the same time."""
        self.set(self._back_to)


def _local_now() -> datetime:
    return datetime.now().astimezone().replace(tzinfo=None)
