"""Quality control of the devices: what they measured of control material, which is no patient's.

A control is kept as the device's own, shown where devices are shown, and never in the tray. A
meter's memory is read more than once: the same record with its time is kept once. So is a message
that is sent again within minutes. All else is a control of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from edge.model.entry import Entry, EntryKind
from edge.model.reading import MESSAGE_AGAIN_S, CodedValue, Measurement, Reading, Value
from edge.store import journal
from edge.store.store import Row, Store

SHOWN = 50


@dataclass(frozen=True, slots=True)
class FiledControl:
    """The control is on the disk as `entry`; `again`: it was there before."""

    entry: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """One control as people look at it: of which device, what it measured, when."""

    entry: int
    device_id: str
    model: str
    values: tuple[Value, ...]
    coded: tuple[CodedValue, ...]
    record: str
    device_time: datetime | None
    wall_ms: int


def file(store: Store, reading: Reading) -> FiledControl:
    """Keep a device's measurement of control material; it becomes no reading of anybody's."""
    key = _key(reading)
    with store.transaction():
        known = store.row("SELECT entry, wall_ms FROM control WHERE device_key = ?", (key,))
        if known is not None and _is_again(reading, known["wall_ms"]):
            return FiledControl(int(known["entry"]), again=True)
        store.execute("UPDATE control SET device_key = NULL WHERE device_key = ?", (key,))
        entry = journal.append(store, EntryKind.CONTROL, reading.stamp, control_body(reading))
        store.execute(
            "INSERT INTO control (entry, device_id, device_key, wall_ms, raw)"
            " VALUES (?, ?, ?, ?, ?)",
            (entry, reading.device_id, key, reading.stamp.wall_ms, reading.raw),
        )
    return FiledControl(entry)


def control_body(reading: Reading) -> dict[str, object]:
    """Return the journal body of a control; keys without a value are left out."""
    measured = reading.measured
    body: dict[str, object] = {
        "device": reading.device_id or "",
        "kind": measured.kind.value,
        "values": [_row(value) for value in measured.values],
    }
    optional: dict[str, object] = {
        "model": reading.model,
        "coded": [[row.code, row.word] for row in measured.coded],
        "time": measured.device_time.isoformat() if measured.device_time else None,
        "quality": list(measured.quality),
        "record": measured.record,
        "found": list(measured.found),
    }
    return body | {key: value for key, value in optional.items() if value not in (None, [])}


def newest(store: Store, limit: int = SHOWN, before: int | None = None) -> list[Control]:
    """Return the controls that came last (before an entry), newest first."""
    rows = store.rows(
        "SELECT c.entry, c.device_id, c.wall_ms, j.record, d.model FROM control c"
        " JOIN journal j ON j.id = c.entry LEFT JOIN device d ON d.id = c.device_id"
        " WHERE ?1 IS NULL OR c.entry < ?1 ORDER BY c.entry DESC LIMIT ?2",
        (before, limit),
    )
    return [_control(row) for row in rows]


def count(store: Store) -> int:
    """Return how many controls the box holds."""
    return store.scalar("SELECT count(*) FROM control")


def _control(row: Row) -> Control:
    body: Mapping[str, object] = Entry.parse(row["record"].encode("utf-8")).body
    values, coded, time = body.get("values"), body.get("coded"), body.get("time")
    rows = values if isinstance(values, list) else []
    words = coded if isinstance(coded, list) else []
    return Control(
        entry=row["entry"],
        device_id=row["device_id"],
        model=row["model"] or str(body.get("model", "")),
        values=tuple(Value(r[0], Decimal(r[1]), r[2], *r[3:4]) for r in rows),
        coded=tuple(CodedValue(*r) for r in words),
        record=str(body.get("record", "")),
        device_time=datetime.fromisoformat(time) if isinstance(time, str) else None,
        wall_ms=row["wall_ms"],
    )


def _key(reading: Reading) -> bytes | None:
    """Identify a control of a device's memory or of a message that is sent again."""
    measured = reading.measured
    if measured.device_time is None and not measured.message:
        return None
    time = measured.device_time.isoformat() if measured.device_time else ""
    text = (
        f"{reading.device_id}|{measured.record or ''}|{time}|{measured.message}|{_said(measured)}"
    )
    return blake2b(text.encode("utf-8"), digest_size=16).digest()


def _is_again(reading: Reading, before_ms: int) -> bool:
    """Whether a control of the same key is the same: a message is, only within minutes."""
    apart_ms = reading.stamp.wall_ms - before_ms
    return not reading.measured.message or 0 <= apart_ms <= MESSAGE_AGAIN_S * 1000


def _said(measured: Measurement) -> str:
    numbers = [f"{v.code}={v.comparator}{v.value}" for v in measured.values]
    return ",".join(numbers + [f"{v.code}={v.word}" for v in measured.coded])


def _row(value: Value) -> list[str]:
    row = [value.code, str(value.value), value.unit]
    return [*row, value.comparator] if value.comparator else row
