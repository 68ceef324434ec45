"""Take from new entries what reports count, and close the months that are due.

So a report is there at once, and what it counts outlives the entries.
"""

from __future__ import annotations

import logging

from edge.feed import replica
from edge.model.clock import Stamp
from edge.model.feed_item import Entity
from edge.reports import box_facts, closing
from edge.reports.core.facts import UTC_OFFSET
from edge.settings.box_settings import Settings
from edge.store.store import Store

log = logging.getLogger(__name__)


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """State the clinic's offset from UTC, take the new facts, close what is due."""
    revs = [item.rev for item in replica.items(store, Entity.SETTING) if item.id == UTC_OFFSET]
    box_facts.state_offset(store, now, settings.offset, max(revs, default=0))
    for month in closing.close_due(store, now, settings.report_close_day):
        log.info("%s is closed", month)
