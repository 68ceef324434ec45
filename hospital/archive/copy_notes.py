"""Notes of the newest copies of the archive, kept outside the archive, for when it is gone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.store import durable

FILE = "newest-copy.json"
KEPT = 5
"""So many notes: a copy may be moved or deleted later."""


@dataclass(frozen=True, slots=True)
class CopyNote:
    """Where the newest copy is, when it was made (Unix ms), how many records it holds."""

    place: str
    made_ms: int
    records: int

    @property
    def when(self) -> str:
        """The day on which it was made (UTC)."""
        return f"{datetime.fromtimestamp(self.made_ms / 1000, UTC):%Y-%m-%d}"


def remember(home: Path, note: CopyNote) -> None:
    """Note a copy in the hospital's home; raises `OSError`."""
    older = [kept for kept in _listed(home) if kept.place != note.place]
    rows = [asdict(kept) for kept in [note, *older][:KEPT]]
    durable.replace(home / FILE, json.dumps(rows).encode("utf-8"))


def newest(home: Path) -> CopyNote | None:
    """Return the newest note whose copy is there, else the newest; None when there is none.

    A place that is no path of this machine cannot be looked at, and counts as there.
    """
    kept = _listed(home)
    there = (note for note in kept if not note.place.startswith("/") or Path(note.place).exists())
    return next(there, kept[0] if kept else None)


def _listed(home: Path) -> list[CopyNote]:
    """Return the notes, newest first; those that can be read."""
    try:
        kept = json.loads((home / FILE).read_text(encoding="utf-8"))
        rows = kept if isinstance(kept, list) else [kept]
        return [CopyNote(str(r["place"]), int(r["made_ms"]), int(r["records"])) for r in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []
