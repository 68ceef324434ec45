"""Compare every held record with its chain, at the start and once a day: damage on the disk."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store import damage
from edge.store.store import Store

EVERY_S = 24 * 3600


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Mark and tell what was changed."""
    damage.check(store, now)
