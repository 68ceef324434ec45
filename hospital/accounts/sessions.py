"""Sessions of the desk: who is signed in, and which patient records they opened.

A session is a row; the browser holds only a random token, the archive only its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from hospital.accounts import accounts
from hospital.archive import Archive, row

IDLE_MS = 30 * 60_000
SHIFT_MS = 12 * 3_600_000
SEEN_EVERY_MS = 60_000
"""The last use is written at most so often."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in at the desk, and the CSRF token that their forms must carry."""

    account: str
    csrf: str


def start(archive: Archive, account: str, now_ms: int) -> str:
    """Open a session for an account that was admitted; return its token."""
    token = secrets.token_urlsafe(32)
    with archive.transaction():
        archive.execute(
            "DELETE FROM desk_session WHERE started_ms < ? OR seen_ms < ?",
            (now_ms - SHIFT_MS, now_ms - IDLE_MS - SEEN_EVERY_MS),
        )
        archive.execute(
            "INSERT INTO desk_session (token_hash, account, csrf, started_ms, seen_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            (_hash(token), account, secrets.token_urlsafe(32), now_ms, now_ms),
        )
    return token


def live(archive: Archive, token: str, now_ms: int, *, touch: bool = True) -> Session | None:
    """Return the session of a token, or None.

    Pass `touch=False` for what a page asks by itself: polling must not keep a session awake.
    """
    session = row(archive, "SELECT * FROM desk_session WHERE token_hash = ?", (_hash(token),))
    if session is None or _is_over(session["started_ms"], session["seen_ms"], now_ms):
        return None
    if not accounts.exists(archive, session["account"]):
        return None
    if touch and now_ms - session["seen_ms"] > SEEN_EVERY_MS:
        with archive.transaction():
            archive.execute(
                "UPDATE desk_session SET seen_ms = ? WHERE token_hash = ?", (now_ms, _hash(token))
            )
    return Session(session["account"], session["csrf"])


def end(archive: Archive, token: str) -> None:
    """Close a session; nothing happens when there is none."""
    with archive.transaction():
        archive.execute("DELETE FROM desk_session WHERE token_hash = ?", (_hash(token),))


def note_view(
    archive: Archive, account: str, patient_id: str, now_ms: int, what: str = "record"
) -> None:
    """Keep that somebody opened a patient's record, or a file in it."""
    with archive.transaction():
        archive.execute(
            "INSERT INTO desk_view (account, patient, at_ms, what) VALUES (?, ?, ?, ?)",
            (account, patient_id, now_ms, what),
        )


def _is_over(started_ms: int, seen_ms: int, now_ms: int) -> bool:
    return now_ms - started_ms > SHIFT_MS or now_ms - seen_ms > IDLE_MS + SEEN_EVERY_MS


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
