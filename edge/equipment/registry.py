"""The devices of this box: registration, state, and the values they show at this moment."""

from __future__ import annotations

import json
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.reading import Measurement
from edge.store import journal
from edge.store.store import Row, Store

LIVE_FOR_S = 5
"""A live number older than this is not shown."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device the box knows. `state` is one of "absent", "listening", "connected", "measuring".

    `id` is stable ("ble-AABBCCDDEEFF", "usb-<serial>"), `address` where it was last seen.
    `clock_offset_s` is device time minus box time, when the device has a clock. `measures` are its
    kinds of measuring (`edge.model.reading.Kind`), `requests` what it may be asked for
    (`edge.equipment.device_requests.KINDS`), both apart by spaces.
    """

    id: str
    model: str
    link: str
    address: str
    state: str
    detail: str = ""
    battery: int | None = None
    clock_offset_s: int | None = None
    seen_ms: int | None = None
    reading_ms: int | None = None
    measures: str = ""
    manufacturer: str = ""
    model_number: str = ""
    serial: str = ""
    firmware: str = ""
    requests: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """What a streaming device shows this moment; never stored as a reading."""

    device_id: str
    kind: str
    shown: tuple[tuple[str, str, str], ...]


def met(store: Store, now: Stamp, device: Device) -> None:
    """Record a device on first meeting (with a journal entry), or its new address."""
    if store.row("SELECT 1 FROM device WHERE id = ?", (device.id,)) is not None:
        _set(store, device.id, "address = ?, seen_ms = ?", (device.address, now.wall_ms))
        if device.measures:
            _set(store, device.id, "measures = ?", (device.measures,))
        _set(store, device.id, "requests = ?", (device.requests,))
        return
    body = {"device": device.id, "model": device.model, "link": device.link}
    with store.transaction():
        journal.append(store, EntryKind.DEVICE, now, body)
        store.execute(
            "INSERT INTO device (id, model, link, address, measures, requests, state, seen_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (device.id, device.model, device.link, device.address, device.measures)
            + (device.requests, device.state, now.wall_ms),
        )


def set_state(store: Store, now: Stamp, device_id: str, state: str, detail: str = "") -> None:
    """Record what a device is doing, when that changed."""
    row = store.row("SELECT state, detail FROM device WHERE id = ?", (device_id,))
    if row is None or (row["state"], row["detail"]) == (state, detail):
        return
    _set(store, device_id, "state = ?, detail = ?, seen_ms = ?", (state, detail, now.wall_ms))


def set_battery(store: Store, device_id: str, percent: int) -> None:
    """Record a battery level in percent."""
    _set(store, device_id, "battery = ?", (percent,))


def set_clock_offset(store: Store, device_id: str, seconds: int) -> None:
    """Record how far the device's clock is ahead of the box's, in seconds."""
    _set(store, device_id, "clock_offset_s = ?", (seconds,))


def set_information(
    store: Store,
    device_id: str,
    *,
    manufacturer: str = "",
    model_number: str = "",
    serial: str = "",
    firmware: str = "",
) -> None:
    """Record the information that a device gives of itself; what is empty stays as it was."""
    given = {"manufacturer": manufacturer, "model_number": model_number}
    given |= {"serial": serial, "firmware": firmware}
    named = {key: value for key, value in given.items() if value}
    row = store.row("SELECT * FROM device WHERE id = ?", (device_id,))
    if row is None or all(row[key] == value for key, value in named.items()):
        return
    _set(store, device_id, ", ".join(f"{key} = ?" for key in named), tuple(named.values()))


def set_model(store: Store, device_id: str, model: str, measures: str) -> None:
    """Record what a device turned out to be."""
    _set(store, device_id, "model = ?, measures = ?", (model, measures))


def set_reading_time(store: Store, now: Stamp, device_id: str) -> None:
    """Record that a reading of this device has just been accepted."""
    _set(store, device_id, "reading_ms = ?", (now.wall_ms,))


def devices(store: Store) -> list[Device]:
    """Return all devices by model."""
    return [_device(r) for r in store.rows("SELECT * FROM device ORDER BY model, id")]


def kinds(store: Store) -> set[str]:
    """Return what the box's devices measure, as they say themselves or have shown by readings."""
    declared = {kind for device in devices(store) for kind in device.measures.split()}
    rows = store.rows("SELECT DISTINCT kind FROM reading WHERE device_id IS NOT NULL")
    return declared | {row["kind"] for row in rows}


def device(store: Store, device_id: str) -> Device | None:
    """Return one device, or None."""
    row = store.row("SELECT * FROM device WHERE id = ?", (device_id,))
    return None if row is None else _device(row)


def show_live(store: Store, now: Stamp, device_id: str, measured: Measurement) -> None:
    """Show the numbers of a streaming device; call at most about once a second."""
    shown = json.dumps([[v.code, str(v.value), v.unit] for v in measured.values])
    with store.transaction():
        store.execute(
            "INSERT OR REPLACE INTO live (device_id, kind, shown, at_boot, at_t_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            (device_id, measured.kind.value, shown, now.boot, now.t_ms),
        )


def live(store: Store, now: Stamp) -> list[Live]:
    """Return the numbers that are being shown now."""
    rows = store.rows(
        "SELECT * FROM live WHERE at_boot = ? AND at_t_ms BETWEEN ? AND ?",
        (now.boot, now.t_ms - LIVE_FOR_S * 1000, now.t_ms),
    )
    return [
        Live(r["device_id"], r["kind"], tuple((c, v, u) for c, v, u in json.loads(r["shown"])))
        for r in rows
    ]


def _set(store: Store, device_id: str, assignments: str, values: tuple[object, ...]) -> None:
    with store.transaction():
        store.execute(f"UPDATE device SET {assignments} WHERE id = ?", (*values, device_id))


def _device(row: Row) -> Device:
    return Device(**{key: row[key] for key in row.keys()})  # noqa: SIM118 - sqlite3.Row is no dict
