"""The people who work at the box, and their signing in.

A session lives on the boot clock, which nobody can set: it ends after three minutes without a
touch, after a shift of twelve hours, and with the boot. Its token is stored only as a hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from uuid_utils import uuid7

from edge.model.clock import Clock, Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm, NotFound
from edge.staff import lockout, pins
from edge.staff.lockout import NameLocked as NameLocked
from edge.store import journal
from edge.store.store import Row, Store

IDLE_S = 180
SHIFT_S = 12 * 3600
SEEN_EVERY_S = 15
"""A session's last use is written at most so often; each write costs a disk flush."""

LONGEST_NAME = 80

_IDLE_MS = (IDLE_S + SEEN_EVERY_S) * 1000  # a use that was not written counts for the person


class Role(StrEnum):
    """What somebody may do at the box."""

    WORKER = "worker"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works at the box."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The PIN was right: the token for the cookie and the session's CSRF word."""

    token: str
    csrf: str


@dataclass(frozen=True, slots=True)
class WrongPin:
    """The PIN was wrong; so many attempts are left before a lock."""

    left: int


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    staff: Staff
    csrf: str


def load_pepper(keys: Path) -> bytes:
    """Read the box's pepper; raises `SettingsError` (see `edge.staff.pins`)."""
    return pins.load_pepper(keys)


def add(
    store: Store,
    now: Stamp,
    name: str,
    role: str,
    pin: str,
    pepper: bytes,
    actor: str | None = None,
) -> Staff:
    """Let somebody work at the box; raises `InvalidForm` for "name", "role" or "pin"."""
    name = " ".join(name.split())
    if not name:
        raise InvalidForm({"name": "required"})
    if len(name) > LONGEST_NAME:
        raise InvalidForm({"name": "too-long"})
    if role not in set(Role):
        raise InvalidForm({"role": "unknown"})
    staff = Staff(str(uuid7()), name, Role(role))
    pin_hash = pins.hash_pin(staff.id, pins.check_pin(pin), pepper)
    with store.transaction():
        entry = _append(store, now, staff, actor, active=True)
        store.execute(
            "INSERT INTO staff (id, entry, name, role, pin_hash, active) VALUES (?, ?, ?, ?, ?, 1)",
            (staff.id, entry, staff.name, staff.role.value, pin_hash),
        )
    return staff


def set_pin(
    store: Store, now: Stamp, staff_id: str, pin: str, pepper: bytes, actor: str | None
) -> None:
    """Give somebody a new PIN, ending their sessions and locks; raises as `add` and `get` do."""
    staff = get(store, staff_id)
    pin_hash = pins.hash_pin(staff.id, pins.check_pin(pin), pepper)
    with store.transaction():
        _append(store, now, staff, actor, active=True, why="new pin")
        store.execute("UPDATE staff SET pin_hash = ? WHERE id = ?", (pin_hash, staff.id))
        _forget(store, staff.id)


def dismiss(store: Store, now: Stamp, staff_id: str, actor: str | None) -> None:
    """Let somebody work here no longer; what they did stays theirs. Raises `NotFound`."""
    staff = get(store, staff_id)
    with store.transaction():
        _append(store, now, staff, actor, active=False)
        store.execute("UPDATE staff SET active = 0 WHERE id = ?", (staff.id,))
        _forget(store, staff.id)


def members(store: Store) -> list[Staff]:
    """Return who works here, by name."""
    rows = store.rows("SELECT * FROM staff WHERE active = 1 ORDER BY name COLLATE NOCASE, id")
    return [_staff(r) for r in rows]


def get(store: Store, staff_id: str) -> Staff:
    """Return somebody who works here; raises `NotFound`."""
    return _staff(_active(store, staff_id))


def sign_in(
    store: Store, clock: Clock, pepper: bytes, staff_id: str, pin: str
) -> SignedIn | WrongPin | NameLocked:
    """Try a PIN; raises `NotFound` when nobody of that id works here."""
    person = _active(store, staff_id)
    attempt = lockout.begin(store, clock.now(), staff_id)
    if isinstance(attempt, NameLocked):
        return attempt
    digits = pins.ascii_pin(pin)
    if digits is not None and pins.is_right(person["pin_hash"], staff_id, digits, pepper):
        return start_session(store, clock.now(), staff_id)
    return lockout.fail(store, clock.now(), staff_id, attempt) or WrongPin(
        lockout.ATTEMPTS - attempt
    )


def start_session(store: Store, now: Stamp, staff_id: str) -> SignedIn:
    """Open the session of somebody whose PIN was right."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with store.transaction():
        lockout.forget(store, staff_id)
        _forget_ended(store, now)
        store.execute(
            "INSERT INTO session (token_hash, staff_id, csrf, boot, started_t_ms, seen_t_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_hash(token), staff_id, csrf, now.boot, now.t_ms, now.t_ms),
        )
        _note(store, now, staff_id, "signed-in")
    return SignedIn(token, csrf)


def session(store: Store, clock: Clock, token: str, *, touch: bool = True) -> Session | None:
    """Return the live session of a token, or None.

    Pass `touch=False` for what a page asks by itself: polling must not keep a session awake.
    """
    now = clock.now()
    row = store.row(
        "SELECT s.*, p.name, p.role, p.id FROM session s JOIN staff p ON p.id = s.staff_id"
        " WHERE s.token_hash = ? AND s.boot = ? AND p.active = 1",
        (_hash(token), now.boot),
    )
    if row is None or _is_over(row, now):
        return None
    if touch and now.t_ms - row["seen_t_ms"] > SEEN_EVERY_S * 1000:
        with store.transaction():
            store.execute(
                "UPDATE session SET seen_t_ms = ? WHERE token_hash = ?", (now.t_ms, _hash(token))
            )
    return Session(_staff(row), row["csrf"])


def whose(store: Store, token: str, csrf: str) -> str | None:
    """Return the id of whose session this is or was; both its words must be right.

    Only for keeping what that person typed: a session that is over opens nothing.
    """
    row = store.row(
        "SELECT s.staff_id, s.csrf FROM session s JOIN staff p ON p.id = s.staff_id"
        " WHERE s.token_hash = ? AND p.active = 1",
        (_hash(token),),
    )
    if row is None or not secrets.compare_digest(row["csrf"].encode(), csrf.encode()):
        return None
    return str(row["staff_id"])


def sign_out(store: Store, clock: Clock, token: str) -> None:
    """End a session; nothing happens when there is none."""
    with store.transaction():
        row = store.row("SELECT staff_id FROM session WHERE token_hash = ?", (_hash(token),))
        if row is None:
            return
        store.execute("DELETE FROM session WHERE token_hash = ?", (_hash(token),))
        _note(store, clock.now(), row["staff_id"], "signed-out")


def _forget_ended(store: Store, now: Stamp) -> None:
    store.execute(
        "DELETE FROM session WHERE boot <> ? OR started_t_ms < ? OR seen_t_ms < ?",
        (now.boot, now.t_ms - SHIFT_S * 1000, now.t_ms - _IDLE_MS),
    )


def _is_over(row: Row, now: Stamp) -> bool:
    return bool(
        now.t_ms - row["started_t_ms"] > SHIFT_S * 1000 or now.t_ms - row["seen_t_ms"] > _IDLE_MS
    )


def _forget(store: Store, staff_id: str) -> None:
    store.execute("DELETE FROM session WHERE staff_id = ?", (staff_id,))
    lockout.forget(store, staff_id)


def _append(
    store: Store, now: Stamp, staff: Staff, actor: str | None, *, active: bool, why: str = ""
) -> int:
    body: dict[str, object] = {
        "staff": staff.id,
        "name": staff.name,
        "role": staff.role.value,
        "active": active,
    }
    if why:
        body["why"] = why
    return journal.append(store, EntryKind.STAFF, now, body, actor=actor)


def _note(store: Store, now: Stamp, staff_id: str, result: str) -> None:
    body = {"staff": staff_id, "result": result}
    journal.append(store, EntryKind.SIGN_IN, now, body, actor=staff_id)


def _active(store: Store, staff_id: str) -> Row:
    row = store.row("SELECT * FROM staff WHERE id = ? AND active = 1", (staff_id,))
    if row is None:
        raise NotFound(f"nobody of the id {staff_id} works here")
    return row


def _staff(row: Row) -> Staff:
    return Staff(row["id"], row["name"], Role(row["role"]))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
