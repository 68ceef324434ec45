"""Say which refrigerator is too warm, too cold or not read."""

from __future__ import annotations

from edge.care import fridge
from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Judge the newest reading of every refrigerator."""
    fridge.judge(store, now)
