"""Accounts of the desk: names with passwords, hashed with argon2id, locked after wrong guesses.

Parameters are argon2-cffi's (RFC 9106, the low-memory recommendation). After five wrong passwords
a name is locked for a minute, then longer each time, at most an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from hospital.archive import Archive, row
from hospital.archive.errors import AccountError

MIN_PASSWORD = 10
MAX_PASSWORD = 200
MAX_NAME = 100
FREE_FAILURES = 5
FIRST_LOCK_MS = 60_000
LONGEST_LOCK_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Person:
    """Who an account is: its name, the person's, a telephone or ""."""

    account: str
    name: str
    telephone: str


_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


def put(archive: Archive, name: str, password: str) -> None:
    """Make an account, or give one a new password and end its sessions; raises `AccountError`."""
    check(name, password)
    with archive.transaction():
        archive.execute(
            "INSERT INTO account (name, hash) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
            " hash = excluded.hash, failures = 0, until_ms = 0",
            (name.strip(), _hasher.hash(password)),
        )
        archive.execute("DELETE FROM desk_session WHERE account = ?", (name.strip(),))


def check(name: str, password: str) -> None:
    """Raise `AccountError` for a name or a password that cannot be."""
    if not name.strip() or len(name) > 60:
        raise AccountError("an account needs a name of at most 60 characters")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")


def exists(archive: Archive, name: str) -> bool:
    """Whether the account (still) exists, as each request of a session asks."""
    return row(archive, "SELECT 1 AS n FROM account WHERE name = ?", (name,)) is not None


def describe(archive: Archive, name: str, full_name: str, telephone: str) -> None:
    """Keep who an account is, as clinics are told; raises `AccountError`."""
    wanted = full_name.strip(), telephone.strip()
    if any(len(text) > MAX_NAME or not text.isprintable() for text in wanted):
        raise AccountError(f"a name and a telephone have at most {MAX_NAME} characters")
    with archive.transaction():
        sql = "UPDATE account SET full_name = ?, telephone = ? WHERE name = ?"
        if not archive.execute(sql, (*wanted, name)):
            raise AccountError(f"there is no account {name}")


def person(archive: Archive, name: str) -> Person:
    """Return who an account is; without a full name it is called by its own."""
    found = row(archive, "SELECT full_name, telephone FROM account WHERE name = ?", (name,))
    if found is None:
        return Person(name, name, "")
    return Person(name, found["full_name"] or name, found["telephone"])


def person_name(archive: Archive, name: str) -> str:
    """Return the full name of an account's person, or the account's own name."""
    return person(archive, name).name


def people(archive: Archive) -> list[Person]:
    """Return who has an account, by name."""
    rows = archive.rows("SELECT name, full_name, telephone FROM account ORDER BY name")
    return [Person(r["name"], r["full_name"] or r["name"], r["telephone"]) for r in rows]


def admit(archive: Archive, name: str, password: str, now_ms: int) -> bool:
    """Whether name and password are right and not locked.

    A try counts as wrong before the password is looked at: who tries many at the same time has no
    more tries than who waits for each answer.
    """
    hashed = _begin(archive, name, now_ms)
    # An unknown name costs the same time, so that nobody can list the names.
    right = _matches(hashed or _NOBODY, password[:MAX_PASSWORD])
    if hashed is None or not right:
        return False
    with archive.transaction():
        archive.execute(
            "UPDATE account SET failures = 0, until_ms = 0 WHERE name = ? AND hash = ?",
            (name, hashed),
        )
    return True


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def _begin(archive: Archive, name: str, now_ms: int) -> str | None:
    """Count a try; return the hash to compare with, None for no such name or a locked one."""
    with archive.transaction():
        sql = "SELECT hash, failures, until_ms FROM account WHERE name = ?" + archive.for_update
        stored = row(archive, sql, (name,))
        if stored is None or now_ms < stored["until_ms"]:
            return None
        failures = stored["failures"] + 1
        archive.execute(
            "UPDATE account SET failures = ?, until_ms = ? WHERE name = ?",
            (failures, now_ms + _lock_ms(failures), name),
        )
    return str(stored["hash"])


def _lock_ms(failures: int) -> int:
    if failures < FREE_FAILURES:
        return 0
    doubled: int = FIRST_LOCK_MS * 2 ** min(failures - FREE_FAILURES, 20)
    return min(doubled, LONGEST_LOCK_MS)
