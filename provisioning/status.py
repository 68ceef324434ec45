"""`healthpost status`: what the box knows of itself, in words and as JSON."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from edge import conditions, history, outbox, registry
from edge.settings import Settings
from edge.store import Store


def status(settings: Settings, store: Store) -> dict[str, object]:
    """Return the box's state; every count about delivery comes from signed receipts."""
    ledger = outbox.ledger(store)
    now = store.clock().now()
    free_mb = shutil.disk_usage(settings.home).free // 1_000_000
    return {
        "box": settings.box_id,
        "clinic": settings.clinic,
        "enrolled": settings.broker_host is not None,
        "link": {
            "state": ledger.link,
            "detail": ledger.link_detail,
            "last_receipt": _utc(ledger.last_receipt_ms),
        },
        "records": {
            "captured": ledger.captured,
            "sent": ledger.sent,
            "confirmed": ledger.confirmed,
            "safe": ledger.safe,
            "waiting": ledger.waiting,
            "oldest_waiting": _utc(ledger.oldest_waiting_wall_ms),
        },
        "tray": history.tray_count(store),
        "clock": {"wall": _utc(now.wall_ms), "quality": str(now.quality)},
        "disk_free_mb": free_mb,
        "devices": [_device(d) for d in registry.devices(store)],
        "conditions": [
            {"kind": c.kind, "subject": c.subject, "sentence": c.sentence()}
            for c in conditions.current(store)
        ],
    }


def sentence(store: Store) -> str:
    """Say how far delivery is, in one sentence that is never better than the truth."""
    ledger = outbox.ledger(store)
    if ledger.captured == 0:
        return "Nothing recorded yet."
    if ledger.waiting == 0:
        return f"All {ledger.confirmed:,} records confirmed by the hospital."
    return (
        f"{ledger.confirmed:,} of {ledger.captured:,} records confirmed by the hospital;"
        f" {ledger.waiting:,} waiting, safe here."
    )


def _device(device: registry.Device) -> dict[str, object]:
    return {
        "id": device.id,
        "model": device.model,
        "link": device.link,
        "state": device.state,
        "battery": device.battery,
        "last_reading": _utc(device.reading_ms),
    }


def _utc(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat("T", "seconds")
