"""Values that the box keeps about a device between two connections, for its own use only.

Nothing here is journalled: a lost memory costs a repeated transfer, never a reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class Memory:
    """`last_record` is the highest sequence number that the disk has of the device's own records.

    `last_content` is a digest of that record, `held` how many records the device said it held.
    `numbering` counts how often the device was seen to begin its memory anew: records of two
    numberings are different ones, whatever their numbers.
    `user` and `consent` are the device's user slot of this box and its code (User Data Service).
    """

    last_record: int | None = None
    user: int | None = None
    consent: int | None = None
    last_content: str | None = None
    held: int | None = None
    numbering: int = 0


def of(store: Store, device_id: str) -> Memory:
    """Return what is remembered; nothing for an unknown device."""
    row = store.row(
        "SELECT last_record, user, consent, last_content, held, numbering FROM device_memory"
        " WHERE device_id = ?",
        (device_id,),
    )
    return Memory() if row is None else Memory(*row)


def set_last_record(
    store: Store, device_id: str, sequence: int, content: str | None = None
) -> None:
    """Remember the last record that is safe on the disk; it may be lower after a device's reset."""
    with store.transaction():
        store.execute(
            "INSERT INTO device_memory (device_id, last_record, last_content) VALUES (?, ?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET last_record = excluded.last_record,"
            " last_content = excluded.last_content",
            (device_id, sequence, content),
        )


def begin_numbering(store: Store, device_id: str) -> None:
    """Take note that the device's memory began anew: what it holds now is not what it held."""
    with store.transaction():
        store.execute(
            "INSERT INTO device_memory (device_id, numbering) VALUES (?, 1)"
            " ON CONFLICT (device_id) DO UPDATE SET numbering = numbering + 1",
            (device_id,),
        )


def note_held(store: Store, device_id: str, records: int) -> None:
    """Take note of how many records the device holds; fewer than before: it was cleared."""
    before = of(store, device_id).held
    with store.transaction():
        if before is not None and records < before:
            begin_numbering(store, device_id)
        store.execute(
            "INSERT INTO device_memory (device_id, held) VALUES (?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET held = excluded.held",
            (device_id, records),
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
