"""`healthpost status`: the state of the box, in words and as JSON."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from edge.bundles import sent
from edge.equipment import bluetooth_recovery, registry
from edge.feed import command_log
from edge.files import attachments
from edge.model.entry import Lane
from edge.model.errors import PepperError
from edge.patients import register
from edge.readings import history
from edge.settings.box_settings import Settings
from edge.staff import pins
from edge.store import damage, data_budget, issues, link_windows, outbox, poison
from edge.store import ledger as lane_ledger
from edge.store.ledger import LaneLedger
from edge.store.store import Store
from provisioning.checkup_link import KEYS_WAY_OUT
from sync.keys import membership

_NAMES = {Lane.ALERT: "alerts", Lane.CLINICAL: "clinical", Lane.FILES: "files"}


def status(settings: Settings, store: Store) -> dict[str, object]:
    """Return the box's state; every count about delivery comes from signed receipts."""
    ledger = outbox.ledger(store)
    now = store.clock().now()
    free = shutil.disk_usage(settings.home).free
    lanes = lane_ledger.lanes(store)
    hours = lane_ledger.hours_left(lane_ledger.samples(store), free)
    return {
        "box": settings.box_id,
        "clinic": settings.clinic,
        "enrolled": (
            settings.broker_host is not None
            and (settings.keys / membership.CERTIFICATE_FILE).exists()
        ),
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
        "lanes": {_NAMES[lane.lane]: _lane(lane) for lane in lanes},
        "complete": lane_ledger.complete(lanes),
        "hours_of_disk_left": hours,
        "spent_today": data_budget.spent(store, data_budget.day_of(now.wall_ms)),
        "usually_online": [
            link_windows.words(w) for w in link_windows.windows(link_windows.known(store))
        ],
        "files_waiting": attachments.waiting(store),
        "stick": _stick(store),
        "damaged": damage.count(store),
        "unsendable": sum(1 for p in poison.listed(store) if p.repaired_as is None),
        "tray": history.tray_count(store),
        "patients": register.count(store),
        "orders_answered": [command.kind for command in command_log.answered(store)],
        "bluetooth_recovery": {
            step.step: {"times": step.times, "last": _utc(step.last_ms)}
            for step in bluetooth_recovery.taken(store)
        },
        "clock": {"wall": _utc(now.wall_ms), "quality": str(now.quality)},
        "disk_free_mb": free // 1_000_000,
        "devices": [_device(d) for d in registry.devices(store)],
        "conditions": [*map(_condition, issues.current(store)), *_unusable_pepper(settings)],
    }


def _condition(issue: issues.Issue) -> dict[str, object]:
    sentence = issue.sentence()
    if issue.kind == "keys-unusable":
        sentence += f" {KEYS_WAY_OUT}"
    return {
        "kind": issue.kind,
        "severity": issue.severity.value,
        "subject": issue.subject,
        "sentence": sentence,
    }


def _unusable_pepper(settings: Settings) -> list[dict[str, object]]:
    try:
        pins.load_pepper(settings.keys)
    except PepperError as error:
        words = f"PINs cannot be checked: {error}"
        return [{"kind": "pepper", "severity": "error", "subject": "", "sentence": words}]
    return []


def sentence(store: Store) -> str:
    """Say how far delivery is, in one sentence that is never better than the truth."""
    ledger = outbox.ledger(store)
    if ledger.captured == 0:
        return "Nothing recorded yet."
    if ledger.waiting == 0 and ledger.agrees:
        return f"All {ledger.confirmed:,} records confirmed by the hospital."
    return (
        f"{ledger.confirmed:,} of {ledger.captured:,} records confirmed by the hospital;"
        f" {ledger.waiting:,} waiting, safe here."
    )


def lane_sentences(store: Store) -> list[str]:
    """Say of each lane what is held and how far it is confirmed, as the hospital's ledger does."""
    return [
        f"{_NAMES[lane.lane]}: {lane.sentence()} (epoch {lane.epoch});"
        f" confirmed to {lane.confirmed:,}, in the hospital's backup to {lane.safe:,}"
        for lane in lane_ledger.lanes(store)
    ]


def _lane(lane: LaneLedger) -> dict[str, object]:
    return {
        "captured": lane.captured,
        "sent": lane.sent,
        "confirmed": lane.confirmed,
        "safe": lane.safe,
        "waiting": lane.waiting,
        "oldest_waiting": _utc(lane.oldest_waiting_wall_ms),
        "epoch": lane.epoch,
        "held": {"first": lane.first, "last": lane.last},
        "chain": lane.chain,
        "confirmed_chain": lane.confirmed_chain,
        "chains_agree": lane.agrees,
        "complete": lane.complete,
    }


def _stick(store: Store) -> dict[str, object] | None:
    """Say what was carried by hand last; on a stick a record still counts as waiting."""
    last = sent.last_written(store)
    if last is None:
        return None
    return {
        "written": _utc(last.written_ms),
        "records": last.records,
        "confirmed": sent.is_confirmed(store, last),
        "last_answer": _utc(sent.last_answered_ms(store)),
    }


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
