"""Clock anchors: moments whose true time somebody vouched for (the hospital, a worker)."""

from __future__ import annotations

from edge.model.clock import Anchor, Stamp, place
from edge.model.entry import EntryKind
from edge.store.journal import append
from edge.store.store import Store

WORTH_MS = 100
"""An anchor that places this boot hardly better than those kept already is not worth an entry."""


def remember(store: Store, now: Stamp, anchor: Anchor, actor: str | None = None) -> bool:
    """Keep an anchor of the running boot when it places the clock better; say whether it did.

    The hospital gets it as a journal entry, so that both ends place the same stamps alike.
    """
    anchors = store.anchors(anchor.boot)
    moment = Stamp(anchor.boot, anchor.t_ms, now.wall_ms, now.quality)
    if anchors and anchor.error_ms + WORTH_MS > place(moment, anchors).error_ms:
        return False
    body = {
        "boot": anchor.boot,
        "t_ms": anchor.t_ms,
        "utc_ms": anchor.utc_ms,
        "error_ms": anchor.error_ms,
        "source": str(anchor.source),
    }
    with store.transaction():
        append(store, EntryKind.CLOCK, now, body, actor=actor)
        store.execute(
            "INSERT INTO anchor (boot, t_ms, utc_ms, error_ms, source) VALUES (?, ?, ?, ?, ?)",
            (anchor.boot, anchor.t_ms, anchor.utc_ms, anchor.error_ms, str(anchor.source)),
        )
    return True
