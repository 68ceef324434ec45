"""Remember the time, so that after a power cut the wall clock does not begin in the past."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Save the time of the running boot."""
    store.save_floor(now)
