"""Keep the lists of who should come up to date, and the last good copies of the clinic's files."""

from __future__ import annotations

from edge.care import follow_up, library
from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store import issues
from edge.store.store import Store

MOST_BATCHES = 20
"""So many batches in one run: after a large part of the feed the next runs go on."""

WRONG = "programme-wrong"


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Settle who waits, after another programme everybody in it; say which file is wrong."""
    library.keep_good(settings.home)
    in_use = library.load(settings.home)
    for issue in issues.current(store):
        if issue.kind == WRONG and issue.subject not in in_use.wrong:
            issues.clear(store, WRONG, issue.subject)
    for file, sentence in in_use.wrong.items():
        issues.note(store, now, WRONG, file, sentence)
    follow_up.settle_if_tables_changed(store, in_use)
    for _ in range(MOST_BATCHES):
        if not follow_up.settle_waiting(store, now, in_use):
            return
