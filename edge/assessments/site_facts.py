"""The facts about the place that rules ask for, such as its altitude, from the box's settings.

Readings are judged where no settings are at hand: each process that knows them keeps them in the
box's file (`remember`), and whoever judges reads them there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from edge.store.store import Store


def remember(store: Store, facts: Mapping[str, object]) -> None:
    """Keep what the settings say of the place; nothing is written when it is kept already."""
    if known(store) == dict(facts):
        return
    with store.transaction():
        store.execute("DELETE FROM site_fact")
        for name, value in facts.items():
            store.execute(
                "INSERT INTO site_fact (name, value) VALUES (?, ?)", (name, json.dumps(value))
            )


def known(store: Store) -> dict[str, object]:
    """Return the facts by name."""
    rows = store.rows("SELECT name, value FROM site_fact")
    return {row["name"]: json.loads(row["value"]) for row in rows}
