"""Forget what somebody began to type and never came back to."""

from __future__ import annotations

from edge import drafts
from edge.clock import Stamp
from edge.settings import Settings
from edge.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Forget every draft whose time has passed."""
    drafts.forget_old(store, now)
