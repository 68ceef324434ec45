"""Values that the box keeps about a device between two connections, for its own use only.

Nothing here is journalled: a lost memory costs a repeated transfer, never a reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class Memory:
    """`last_record` is the highest sequence number that the disk has of the device's own records.

    `user` and `consent` are the device's user slot of this box and its code (User Data Service).
    """

    last_record: int | None = None
    user: int | None = None
    consent: int | None = None


def of(store: Store, device_id: str) -> Memory:
    """Return what is remembered; nothing for an unknown device."""
    row = store.row(
        "SELECT last_record, user, consent FROM device_memory WHERE device_id = ?", (device_id,)
    )
    return Memory() if row is None else Memory(row["last_record"], row["user"], row["consent"])


def set_last_record(store: Store, device_id: str, sequence: int) -> None:
    """Remember the last record that is safe on the disk; it may be lower after a device's reset."""
    with store.transaction():
        store.execute(
            "INSERT INTO device_memory (device_id, last_record) VALUES (?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET last_record = excluded.last_record",
            (device_id, sequence),
        )


def set_user(store: Store, device_id: str, user: int, consent: int) -> None:
    """Remember the user slot that a device gave to this box, and the code it is opened with."""
    with store.transaction():
        store.execute(
            "INSERT INTO device_memory (device_id, user, consent) VALUES (?, ?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET user = excluded.user,"
            " consent = excluded.consent",
            (device_id, user, consent),
        )


def forget_user(store: Store, device_id: str) -> None:
    """Forget the user slot: the device does not know it any more."""
    with store.transaction():
        store.execute(
            "UPDATE device_memory SET user = NULL, consent = NULL WHERE device_id = ?", (device_id,)
        )
