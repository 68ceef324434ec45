"""Close visits that nobody touched for a while."""

from __future__ import annotations

from edge import visits
from edge.clock import Stamp
from edge.settings import Settings
from edge.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Close every idle visit, at any station."""
    visits.close_idle(store, now)
