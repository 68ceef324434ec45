"""Close visits that nobody touched for a while."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import visits


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Close every idle visit, at any station."""
    visits.close_idle(store, now)
