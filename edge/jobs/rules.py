"""Tell the rules what the settings say of the place, and the journal which tables are in use."""

from __future__ import annotations

from edge.assessments import rule_log, site_facts
from edge.model.clock import Stamp
from edge.rules import library
from edge.settings.box_settings import Settings
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Keep the facts of the place; write down what is in use, refused, or more cautious here."""
    site_facts.remember(store, settings.site_facts)
    rule_log.note_library(store, now, library.library(settings.home))
