"""Forget locks after wrong PINs once they have passed."""

from __future__ import annotations

from edge import lockout
from edge.clock import Stamp
from edge.settings import Settings
from edge.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Forget what has passed, so that a later boot does not start it anew."""
    lockout.release_passed(store, now)
