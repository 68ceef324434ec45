"""The copies of the box's file in `backup/`: their names, their order, which of them stay.

A copy's name begins with a running number, because the journal's own position falls when the card
falls back to an older state. It also says what is in the copy: the last journal entry, the epoch,
and a digest of the chains, so that nothing is copied twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

KEEP = 3
"""So many of the newest copies stay."""
KEEP_ENDED = 2
"""So many copies of histories that ended stay beside them: what was lost may only be there."""

_NAME = re.compile(r"box-(\d{6})-(\d{12})-(\d+)-([0-9a-f]{8})\.db")
_OLD_NAME = re.compile(r"box-(\d{12})\.db")  # until release 0.2.0


@dataclass(frozen=True, slots=True)
class Content:
    """What a copy holds: the last journal entry, the epoch, a digest of the lanes' chains."""

    position: int
    epoch: int
    digest: str


@dataclass(frozen=True, slots=True)
class BoxCopy:
    """One complete copy; one of release 0.2.0 has the number 0."""

    file: Path
    number: int
    content: Content

    @property
    def order(self) -> tuple[int, int]:
        """What the copies are sorted by: in which order they were made."""
        return self.number, self.content.position


def folder_of(database: Path) -> Path:
    """Return where the copies of a box's file are."""
    return database.parent / "backup"


def listed(folder: Path) -> list[BoxCopy]:
    """Return the complete copies, the newest first."""
    found = (_read(file) for file in folder.glob("box-*.db"))
    return sorted((c for c in found if c is not None), key=lambda c: c.order, reverse=True)


def newest(database: Path) -> str:
    """Return the name of the newest copy of a box's file, empty when there is none."""
    made = listed(folder_of(database))
    return made[0].file.name if made else ""


def next_file(folder: Path, content: Content, made: Sequence[BoxCopy]) -> Path | None:
    """Return the file for a new copy, None when the newest copy holds this already."""
    if made and made[0].content == content:
        return None
    number = made[0].number + 1 if made else 1
    name = f"box-{number:06d}-{content.position:012d}-{content.epoch}-{content.digest}.db"
    return folder / name


def superfluous(made: Sequence[BoxCopy]) -> Iterable[BoxCopy]:
    """Return the copies that may go, of all of them, the newest first.

    The newest stay, and the last ones of histories that ended: those after which a copy was made
    that has less, or another epoch.
    """
    older = list(zip(made, made[1:], strict=False))[KEEP - 1 :]
    ended = [copy for newer, copy in older if _is_other_history(newer.content, copy.content)]
    return [copy for copy in made[KEEP:] if copy not in ended[:KEEP_ENDED]]


def _is_other_history(newer: Content, older: Content) -> bool:
    return newer.position < older.position or (older.epoch != 0 and newer.epoch != older.epoch)


def _read(file: Path) -> BoxCopy | None:
    named = _NAME.fullmatch(file.name)
    if named is not None:
        number, position, epoch, digest = named.groups()
        return BoxCopy(file, int(number), Content(int(position), int(epoch), digest))
    old = _OLD_NAME.fullmatch(file.name)
    return None if old is None else BoxCopy(file, 0, Content(int(old[1]), 0, ""))
