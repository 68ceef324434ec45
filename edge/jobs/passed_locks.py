"""Delete locks after wrong PINs that have ended."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.staff import lockout
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Forget what has passed, so that a later boot does not start it anew."""
    lockout.release_passed(store, now)
