"""Locks after wrong PINs, on the boot clock, which nobody can set.

    5 wrong PINs -> 1 min -> 5 more -> 5 min -> 5 more -> 15 min -> then 60 min each

A lock that a reboot interrupts starts anew, counted from that boot: it can neither be skipped by
pulling the plug nor outlive its own length.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import NotFound
from edge.store import journal
from edge.store.store import Row, Store

ATTEMPTS = 5
LOCKS_S = (60, 300, 900, 3600)


@dataclass(frozen=True, slots=True)
class NameLocked:
    """Nobody can sign in under this name for so many seconds. Capture goes on."""

    seconds: int


def begin(store: Store, now: Stamp, staff_id: str) -> int | NameLocked:
    """Count an attempt before the PIN is looked at, so that parallel guesses all count.

    Returns which attempt it is, from 1 to `ATTEMPTS`, or how long nobody may try.
    """
    with store.transaction():
        store.execute(
            "INSERT OR IGNORE INTO lockout (staff_id, failures, rounds) VALUES (?, 0, 0)",
            (staff_id,),
        )
        row = store.row("SELECT * FROM lockout WHERE staff_id = ?", (staff_id,))
        if row is None:
            raise NotFound(f"no lockout of {staff_id}")
        left_ms = _locked_ms(row, now)
        if left_ms > 0:
            _pin_lock_to_boot(store, now, staff_id, left_ms)
            return NameLocked(-(-left_ms // 1000))
        if row["failures"] >= ATTEMPTS:
            return _lock(store, now, staff_id)
        store.execute(
            "UPDATE lockout SET failures = failures + 1, until_boot = NULL, until_t_ms = NULL"
            " WHERE staff_id = ?",
            (staff_id,),
        )
        return int(row["failures"]) + 1


def fail(store: Store, now: Stamp, staff_id: str, attempt: int) -> NameLocked | None:
    """Note that the attempt was wrong; the last one of a round locks."""
    with store.transaction():
        _note(store, now, staff_id, "wrong-pin")
        if attempt >= ATTEMPTS:
            return _lock(store, now, staff_id)
    return None


def release_passed(store: Store, now: Stamp) -> int:
    """Forget locks that have passed in this boot, so that a later boot does not restart them."""
    with store.transaction():
        return store.changed(
            "UPDATE lockout SET until_boot = NULL, until_t_ms = NULL"
            " WHERE until_boot = ? AND until_t_ms <= ?",
            (now.boot, now.t_ms),
        )


def forget(store: Store, staff_id: str) -> None:
    """Forget wrong PINs and locks of a person, inside the caller's transaction."""
    store.execute("DELETE FROM lockout WHERE staff_id = ?", (staff_id,))


def _locked_ms(row: Row, now: Stamp) -> int:
    if row["until_boot"] is None:
        return 0
    if row["until_boot"] == now.boot:
        return int(row["until_t_ms"]) - now.t_ms
    return _length_s(row["rounds"]) * 1000 - now.t_ms  # anew, from the moment this boot began


def _pin_lock_to_boot(store: Store, now: Stamp, staff_id: str, left_ms: int) -> None:
    store.execute(
        "UPDATE lockout SET until_boot = ?, until_t_ms = ? WHERE staff_id = ?",
        (now.boot, now.t_ms + left_ms, staff_id),
    )


def _lock(store: Store, now: Stamp, staff_id: str) -> NameLocked:
    store.execute(
        "UPDATE lockout SET failures = 0, rounds = rounds + 1 WHERE staff_id = ?", (staff_id,)
    )
    rounds = store.scalar("SELECT rounds FROM lockout WHERE staff_id = ?", (staff_id,))
    seconds = _length_s(rounds)
    _pin_lock_to_boot(store, now, staff_id, seconds * 1000)
    _note(store, now, staff_id, "locked", seconds=seconds)
    return NameLocked(seconds)


def _length_s(rounds: int) -> int:
    return LOCKS_S[min(max(rounds, 1), len(LOCKS_S)) - 1]


def _note(
    store: Store, now: Stamp, staff_id: str, result: str, *, seconds: int | None = None
) -> None:
    body: dict[str, object] = {"staff": staff_id, "result": result}
    if seconds is not None:
        body["seconds"] = seconds
    journal.append(store, EntryKind.SIGN_IN, now, body)
