"""How far an alert is on its way to a person: not delivered, received, passed on, seen, handled.

Delivery is told from the hospital's receipts, who has it from the hospital's feed, and nothing is
assumed: until a receipt covers the alert, somebody has to telephone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.model.clock import Stamp
from edge.model.feed_item import Entity, text_of
from edge.store import journal, outbox
from edge.store.store import Store

_MINUTE_MS = 60_000


class DeliveryState(StrEnum):
    """How far an alert is, from least to most."""

    WAITING = "waiting"
    """No receipt covers it: telephone."""
    RECEIVED = "received"
    """The hospital has it; nobody has said that they saw it."""
    PASSED_ON = "passed-on"
    """Nobody answered in time; the hospital asks the next person."""
    SEEN = "seen"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """Where an alert is. `since_ms` is Unix milliseconds, None while it waits.

    `who` has seen or handled it, or is asked now ("" when nobody is named); `telephone` is the one
    to call ("" when none is set). `minutes`: how long nobody has answered, or how long it waits.
    """

    state: DeliveryState
    since_ms: int | None
    telephone: str
    who: str = ""
    minutes: int = 0


def of(store: Store, alert_entry: int, now: Stamp, telephone: str = "") -> AlertDelivery:
    """Return where an alert is; `alert_entry` is its journal entry.

    `telephone` is the site's number for dangers (`Settings.danger_phone`). Raises `NotFound`.
    """
    identity = journal.identity(store, alert_entry)
    answer = _item(store, Entity.ALERT, identity)
    escalation = _item(store, Entity.ESCALATION, identity)
    raised = journal.read(store, alert_entry)
    raised_ms = now.wall_ms if raised is None else raised.at.wall_ms
    received_ms = outbox.received_ms(store, alert_entry)
    return state(received_ms, answer, escalation, (raised_ms, now.wall_ms), telephone)


def state(
    received_ms: int | None,
    answer: Mapping[str, object],
    escalation: Mapping[str, object],
    times: tuple[int, int],
    telephone: str,
) -> AlertDelivery:
    """Return where an alert is, from its receipt and the hospital's two items about it.

    `times` are when it was raised and now, Unix milliseconds; an item that has not come is empty.
    """
    raised_ms, now_ms = times
    phone = text_of(escalation, "phone") or telephone
    if answer:
        handled = text_of(answer, "state") == DeliveryState.HANDLED
        reached = DeliveryState.HANDLED if handled else DeliveryState.SEEN
        return AlertDelivery(reached, _ms(answer, "at_ms"), phone, text_of(answer, "by") or "")
    if escalation:
        since = _ms(escalation, "received_ms")
        passed = escalation.get("place") != 1
        return AlertDelivery(
            DeliveryState.PASSED_ON if passed else DeliveryState.RECEIVED,
            since,
            phone,
            text_of(escalation, "to") or "",
            _minutes(since, now_ms),
        )
    if received_ms is not None:
        minutes = _minutes(received_ms, now_ms)
        return AlertDelivery(DeliveryState.RECEIVED, received_ms, phone, "", minutes)
    return AlertDelivery(DeliveryState.WAITING, None, phone, "", _minutes(raised_ms, now_ms))


def _item(store: Store, entity: Entity, item_id: str) -> Mapping[str, object]:
    row = store.row(
        "SELECT body FROM feed_item WHERE entity = ? AND id = ?", (entity.value, item_id)
    )
    body = json.loads(row["body"]) if row is not None else {}
    return body if isinstance(body, dict) else {}


def _ms(body: Mapping[str, object], key: str) -> int | None:
    value = body.get(key)
    return value if isinstance(value, int) else None


def _minutes(since_ms: int | None, now_ms: int) -> int:
    return 0 if since_ms is None else max(0, now_ms - since_ms) // _MINUTE_MS
