"""Delete drafts of forms to which nobody came back."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.staff import drafts
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Forget every draft whose time has passed."""
    drafts.forget_old(store, now)
