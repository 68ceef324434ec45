"""One wrong byte in a checksummed frame never makes a wrong reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devices.catalogue import SERIAL_PROTOCOLS

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "serial.json").read_text("utf-8")
)["vectors"]

CHECKSUMMED = ["ad_tm2655"]

FLIPS = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, 0x55)


def readings(protocol: str, wire: bytes) -> list[Any]:
    driver = SERIAL_PROTOCOLS[protocol]
    found = [driver.measured(event) for event in driver.decoder().feed(wire)]
    return [measured for measured in found if measured is not None]


@pytest.mark.parametrize("protocol", CHECKSUMMED)
def test_corruption_gives_no_wrong_reading(protocol: str) -> None:
    tried = 0
    for vector in VECTORS:
        wire = bytes.fromhex("".join(vector["chunks"]))
        true = readings(protocol, wire) if vector["protocol"] == protocol else []
        for at in range(len(wire) if true else 0):
            for flip in FLIPS:
                bad = wire[:at] + bytes((wire[at] ^ flip,)) + wire[at + 1 :]
                assert all(reading in true for reading in readings(protocol, bad)), bad.hex()
                tried += 1
    assert tried > 100
