"""Tell the rules what the settings say of the place, and the journal which tables are in use."""

from __future__ import annotations

from edge import rules
from edge.assessments import rule_log, site_facts
from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Keep the facts of the place, and write down a table that was not in use before."""
    site_facts.remember(store, settings.site_facts)
    for rule in rules.rules().values():
        rule_log.note_loaded(store, now, rule)
