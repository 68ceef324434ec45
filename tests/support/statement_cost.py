"""What SQL costs, counted in the steps of SQLite's virtual machine: the same on any machine."""

from __future__ import annotations

from collections.abc import Callable

from edge.store.store import Store

EVERY = 50


def steps(store: Store, work: Callable[[], object]) -> int:
    """Return about how many steps of the virtual machine some work takes, to the nearest fifty."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += EVERY
        return 0

    connection = store._connection
    connection.set_progress_handler(count, EVERY)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 0)
    return counted
