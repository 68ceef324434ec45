"""Answer the settings that came with the feed: they hold already, or are refused with a reason."""

from __future__ import annotations

from edge import remote_settings
from edge.clock import Stamp
from edge.settings import Settings
from edge.store import Store


def run(store: Store, _settings: Settings, now: Stamp) -> None:
    """Tell what became of each."""
    remote_settings.answer(store, now)
