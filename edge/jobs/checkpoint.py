"""Move the log of the box's file into the file while nobody writes, so that little stands in it.

A bit that changes in the log takes back every commit behind it; what is in the file has lost at
most its own page.
"""

from __future__ import annotations

import time

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store

IDLE_S = 15


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Empty the log when nothing was written for a while."""
    log_file = settings.database.with_name(f"{settings.database.name}-wal")
    try:
        found = log_file.stat()
    except FileNotFoundError:
        return
    # A clock that was set back makes it younger than now: that may count as idle, it does no harm.
    if found.st_size and not 0 <= time.time() - found.st_mtime < IDLE_S:
        store.checkpoint()
