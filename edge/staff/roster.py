"""The clinic's staff as the hospital knows them: names and roles, who came and who left.

A PIN is bound to its box by a pepper that never leaves it, so it cannot come down: somebody new
gets theirs from the technician (`staff.set_pin`) and signs in from then on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from edge.model.feed_item import Entity, text_of
from edge.store.store import Store

ROLES = ("worker", "technician")
_ITEM = "SELECT body FROM feed_item WHERE entity = ? AND id = ?"


def derive(store: Store, staff_ids: Iterable[str]) -> None:
    """Write anew who works here, of some people; inside a transaction.

    Somebody who was made at this box and of whom the hospital never spoke stays.
    """
    for staff_id in staff_ids:
        row = store.row(_ITEM, (Entity.STAFF.value, staff_id))
        body = json.loads(row["body"]) if row is not None else {}
        name, role = text_of(body, "name"), text_of(body, "role")
        if name and role in ROLES:
            store.execute(
                "INSERT INTO staff (id, name, role, pin_hash, active) VALUES (?, ?, ?, '', 1)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role,"
                " active = 1",
                (staff_id, name, role),
            )
        else:
            store.execute("UPDATE staff SET active = 0 WHERE id = ?", (staff_id,))
            store.execute("DELETE FROM session WHERE staff_id = ?", (staff_id,))
