"""Judge recent readings again when the age of their person has become known."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.readings import alerts
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Judge for everybody who waits, whether a worker, the hospital or a link brought the fact."""
    alerts.judge_late(store, now)
