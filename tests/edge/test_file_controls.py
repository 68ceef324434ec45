"""Quality control is filed with its device: what is sent again is kept once, all else each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hand_clock import HandClock

from edge.equipment import controls
from edge.model.reading import Kind, Measurement, Reading, Value
from edge.store.store import Store

VALUE = Value("718-7", Decimal("12.2"), "g/dL")
PLAIN = Measurement(Kind.LABORATORY, (VALUE,), record="QC-1")
STAMPED = replace(PLAIN, device_time=datetime.fromisoformat("2026-11-30T08:00"))
SENT = replace(PLAIN, message="a1b2")


@pytest.mark.parametrize(
    ("measured", "apart_s", "kept"),
    [
        (PLAIN, 1, 2),
        (STAMPED, 1, 1),
        (STAMPED, 86_400, 1),
        (SENT, 30, 1),
        (SENT, 600, 1),
        (SENT, 601, 2),
    ],
)
def test_a_control_is_the_same_by_proof_alone(
    store: Store, measured: Measurement, apart_s: int, kept: int
) -> None:
    hand = HandClock()
    for _ in range(2):
        controls.file(store, Reading(measured, hand.now(), "device", "usb-1", "ASTM analyser"))
        hand.advance(apart_s)
    assert controls.count(store) == kept


def test_after_a_new_one_the_message_is_compared_with_that(store: Store) -> None:
    hand = HandClock()
    for apart_s in (0, 700, 30):
        hand.advance(apart_s)
        controls.file(store, Reading(SENT, hand.now(), "device", "usb-1", "ASTM analyser"))
    assert controls.count(store) == 2
