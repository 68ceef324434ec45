"""Compare records with their chain, and what is shown with them, at the start and once a day."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store import damage, table_check
from edge.store.store import Store

EVERY_S = 24 * 3600


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Mark and tell what was changed."""
    damage.check(store, now)
    table_check.check(store, now)
