"""Session with a Nonin 9560: selects the format of spot checks, then takes measurements."""

from __future__ import annotations

from devices.driver import Event, Turn
from devices.protocols import nonin

SPOT_CHECK = 13


def session() -> SpotCheckSession:
    """Return a session."""
    return SpotCheckSession()


class SpotCheckSession:
    """A `Session` that selects the format once and listens."""

    @property
    def next_timeout(self) -> None:
        """Never: the oximeter has the word."""
        return

    def start(self, now_ms: int) -> Turn:
        """Select the format."""
        return Turn(write=nonin.select(SPOT_CHECK), state="listening")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Take a spot check; one without a number is a failed measurement."""
        if event.name != "reading":
            return Turn()
        found = nonin.measured(event)
        if found is None:
            return Turn(failed="no-values", state="connected")
        return Turn(measured=(found,), state="connected")

    def on_timeout(self, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def stop(self) -> bytes:
        """Say nothing."""
        return b""
