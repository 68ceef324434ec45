"""Drafts of forms: what somebody was typing when the screen locked or the kiosk ended.

A draft belongs to one member of staff and one form, lives a day after its last change and
is no journal entry: nothing in it has been accepted. Number and size are bounded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.store.store import Row, Store

LIVES_S = 24 * 3600
MOST = 64
"""So many forms a person may have begun; the ones left longest ago go first."""

LARGEST = 8192
"""Bytes of one draft's fields as JSON. What is larger is not kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of one form as typed; `form` names it, `path` is its page."""

    form: str
    path: str
    fields: dict[str, str]


def keep(store: Store, now: Stamp, staff_id: str, draft: Draft) -> bool:
    """Keep a draft in place of an earlier one; return False when it is too large or empty."""
    if not any(text.strip() for text in draft.fields.values()):
        forget(store, staff_id, draft.form)
        return False
    text = json.dumps(draft.fields, ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        return False
    with store.transaction():
        store.execute(
            "INSERT OR REPLACE INTO draft (staff_id, form, path, fields, boot, t_ms, wall_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (staff_id, draft.form, draft.path, text, now.boot, now.t_ms, now.wall_ms),
        )
        _forget_most(store, staff_id)
    return True


def get(store: Store, now: Stamp, staff_id: str, form: str) -> Draft | None:
    """Return what this person had typed into a form, or None."""
    row = store.row("SELECT * FROM draft WHERE staff_id = ? AND form = ?", (staff_id, form))
    return _draft(row) if row is not None and _lives(row, now) else None


def newest(store: Store, now: Stamp, staff_id: str) -> Draft | None:
    """Return what this person was typing last, or None."""
    return next(iter(of_person(store, now, staff_id)), None)


def of_person(store: Store, now: Stamp, staff_id: str) -> list[Draft]:
    """Return all that this person has begun and not finished, the last first."""
    rows = store.rows(
        "SELECT * FROM draft WHERE staff_id = ? ORDER BY boot DESC, t_ms DESC", (staff_id,)
    )
    return [_draft(row) for row in rows if _lives(row, now)]


def forget(store: Store, staff_id: str, form: str) -> None:
    """Forget a draft: it was recorded, or its author wants it no longer."""
    if store.row("SELECT 1 FROM draft WHERE staff_id = ? AND form = ?", (staff_id, form)) is None:
        return  # the usual case takes no write lock
    with store.transaction():
        store.execute("DELETE FROM draft WHERE staff_id = ? AND form = ?", (staff_id, form))


def forget_old(store: Store, now: Stamp) -> int:
    """Forget every draft whose time has passed; return how many."""
    old = [row for row in store.rows("SELECT * FROM draft") if not _lives(row, now)]
    if not old:
        return 0
    with store.transaction():
        for row in old:
            store.execute(
                "DELETE FROM draft WHERE staff_id = ? AND form = ? AND boot = ? AND t_ms = ?",
                (row["staff_id"], row["form"], row["boot"], row["t_ms"]),
            )
    return len(old)


def _forget_most(store: Store, staff_id: str) -> None:
    store.execute(
        "DELETE FROM draft WHERE staff_id = ? AND form NOT IN ("
        "SELECT form FROM draft WHERE staff_id = ? ORDER BY boot DESC, t_ms DESC LIMIT ?)",
        (staff_id, staff_id, MOST),
    )


def _lives(row: Row, now: Stamp) -> bool:
    if row["boot"] == now.boot:
        return bool(now.t_ms - row["t_ms"] <= LIVES_S * 1000)
    # Across a restart only the wall clock can tell, and it may have been set meanwhile.
    return abs(now.wall_ms - int(row["wall_ms"])) <= LIVES_S * 1000


def _draft(row: Row) -> Draft:
    return Draft(row["form"], row["path"], json.loads(row["fields"]))
