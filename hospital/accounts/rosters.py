"""Who is asked about an alert, in order: a roster for a clinic and a level, or for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hospital.accounts import accounts
from hospital.archive import Archive
from hospital.archive.errors import AccountError

ALL: Final = ""
"""In place of a clinic or a level: each of them that has no roster of its own."""
LEVELS: Final = ("emergency", "urgent")
MOST: Final = 5
"""People of a roster."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of a clinic and a level, in the order in which they are asked."""

    clinic: str
    level: str
    people: tuple[str, ...]


def roster(archive: Archive, clinic: str, level: str) -> tuple[str, ...]:
    """Return the accounts to ask, the closest roster: of clinic and level, clinic, level, all."""
    found = {(one.clinic, one.level): one.people for one in listed(archive)}
    for key in ((clinic, level), (clinic, ALL), (ALL, level), (ALL, ALL)):
        if key in found:
            return found[key]
    return ()


def listed(archive: Archive) -> list[Roster]:
    """Return every roster, that of all clinics first; an account that is no more is left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for r in archive.rows(
        "SELECT o.* FROM on_call o JOIN account a ON a.name = o.account"
        " ORDER BY o.clinic, o.level, o.place"
    ):
        found.setdefault((r["clinic"], r["level"]), []).append(r["account"])
    return [Roster(clinic, level, tuple(people)) for (clinic, level), people in found.items()]


def put(archive: Archive, clinic: str, level: str, people: Sequence[str]) -> None:
    """Set a roster; nobody: it is taken away. Raises `AccountError`."""
    asked = tuple(dict.fromkeys(name for name in people if name))
    if len(asked) > MOST or level not in (ALL, *LEVELS):
        raise AccountError(f"a roster is of at most {MOST} people, for one level or for all")
    for name in asked:
        if not accounts.exists(archive, name):
            raise AccountError(f"there is no account {name}")
    with archive.transaction():
        archive.execute("DELETE FROM on_call WHERE clinic = ? AND level = ?", (clinic, level))
        for place, name in enumerate(asked, start=1):
            archive.execute(
                "INSERT INTO on_call (clinic, level, place, account) VALUES (?, ?, ?, ?)",
                (clinic, level, place, name),
            )
