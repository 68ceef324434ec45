"""A note of the newest copy of the archive, kept outside the archive, for when it is gone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.store import durable

FILE = "newest-copy.json"


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
    durable.replace(home / FILE, json.dumps(asdict(note)).encode("utf-8"))


def newest(home: Path) -> CopyNote | None:
    """Return the note, None when there is none or it cannot be read."""
    try:
        kept = json.loads((home / FILE).read_text(encoding="utf-8"))
        return CopyNote(str(kept["place"]), int(kept["made_ms"]), int(kept["records"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
