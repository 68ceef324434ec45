"""Take from new entries what reports count, so that a report is there at once."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.reports import box_facts
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Take the facts of the entries since the last time."""
    box_facts.catch_up(store)
