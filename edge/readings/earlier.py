"""Earlier readings of a device that a new one is compared with, and those that it sent again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.equipment import device_memory
from edge.equipment.device_clock import ClockRun
from edge.model.clock import PlacedStamp, Stamp, place
from edge.model.entry import Entry
from edge.model.reading import Reading, Repeats
from edge.readings.identity import Transmission
from edge.store.store import Row, Store


@dataclass(frozen=True, slots=True)
class Repetition:
    """A device sent a measurement again that is held as `entry`, recorded at `placed`."""

    entry: int
    model: str
    placed: PlacedStamp


def how_it_came(store: Store, reading: Reading, clock: ClockRun | None) -> Transmission:
    """Say how a reading came; of one that says nothing itself, only its own number is a proof."""
    measured, sent = reading.measured, reading.sent
    unsaid = Repeats.NUMBERED if measured.record else Repeats.HELD
    stamp = measured.device_time
    known = clock is not None and stamp is not None and clock.covers(stamp)
    memory = device_memory.of(store, reading.device_id) if reading.device_id else None
    return Transmission(
        at=reading.stamp,
        connected=sent.connected if sent else None,
        repeats=sent.repeats if sent else unsaid,
        stamp=stamp,
        raw=reading.raw,
        message=measured.message,
        clock_run=clock.number if clock is not None and known else None,
        numbering=memory.numbering if memory else 0,
    )


def like(store: Store, key: bytes | None) -> list[tuple[int, Transmission]]:
    """Return the readings with this key and how they came, oldest first."""
    if key is None:
        return []
    rows = store.rows(
        "SELECT r.*, j.record FROM reading r JOIN journal j ON j.id = r.entry"
        " WHERE r.device_key = ? ORDER BY r.entry",
        (key,),
    )
    return [(row["entry"], _came_then(row)) for row in rows]


def _came_then(row: Row) -> Transmission:
    entry = Entry.parse(row["record"].encode("utf-8"))
    return Transmission(
        at=entry.at,
        connected=_connection(row["connected"], entry.at),
        repeats=Repeats.HELD,
        stamp=None,
        raw=bytes(row["raw"] or b""),
        message=row["message"] or "",
        clock_run=row["clock_run"],
        numbering=row["numbering"] or 0,
    )


def _connection(text: str | None, at: Stamp) -> Stamp | None:
    if text is None:
        return None
    boot, t_ms = text.split()
    return replace(at, boot=int(boot), t_ms=int(t_ms))


def note_repeated(store: Store, reading: Reading, entry: int) -> None:
    """Remember for the screen that a device sent what is held; not beside something new."""
    at, sent = reading.stamp, reading.sent
    device = store.row("SELECT reading_ms FROM device WHERE id = ?", (reading.device_id,))
    news_ms = None if device is None else device["reading_ms"]
    if sent is not None and news_ms is not None and news_ms >= sent.connected.wall_ms:
        return
    store.execute(
        "INSERT OR REPLACE INTO repeated (device_id, entry, boot, t_ms) VALUES (?, ?, ?, ?)",
        (reading.device_id, entry, at.boot, at.t_ms),
    )


def repetitions(store: Store, since: Stamp) -> list[Repetition]:
    """Return what devices sent again after a moment of this boot, and nothing new since."""
    rows = store.rows(
        "SELECT p.entry, j.record, d.model FROM repeated p JOIN journal j ON j.id = p.entry"
        " JOIN device d ON d.id = p.device_id"
        " WHERE p.boot = ? AND p.t_ms >= ? ORDER BY p.t_ms DESC",
        (since.boot, since.t_ms),
    )
    return [Repetition(row["entry"], row["model"], _placed(store, row)) for row in rows]


def placed(store: Store, entry: int) -> PlacedStamp | None:
    """Return when an earlier reading was recorded; None when it is on this box no more."""
    row = store.row("SELECT record FROM journal WHERE id = ?", (entry,))
    return None if row is None else _placed(store, row)


def _placed(store: Store, row: Row) -> PlacedStamp:
    at = Entry.parse(row["record"].encode("utf-8")).at
    return place(at, store.anchors(at.boot))
