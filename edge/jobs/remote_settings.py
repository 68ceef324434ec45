"""Answer the settings that came with the feed: applied, or refused with a reason."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings import remote_settings
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, _settings: Settings, now: Stamp) -> None:
    """Answer each."""
    remote_settings.answer(store, now)
