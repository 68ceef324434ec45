"""One wrong byte in a checksummed frame never makes a wrong value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devices.capture.decode import decode_serial
from devices.catalogue import SERIAL_PROTOCOLS

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "serial.json").read_text("utf-8")
)["vectors"]

UNCHECKED = {
    "ad_scale",
    "ad_ua767pc",
    "cms50_5byte",
    "cms50_v7",
    "gtech_gl310",
    "healthometer",
    "hl7_mllp",
    "masimo_ascii1",
    "nellcor_n595",
    "nonin_df8",
    "omron_hbp",
    "terumo_bp500",
}
"""For these a stream needs agreement over seconds, a single result a look at the display."""

WITHOUT_CHECKSUM = {"tanita_csv-bd815-01", "tanita_csv-bd815-02"}
"""Of a checksummed protocol, but of its one model that has none: its readings are `unchecked`."""

CHECKSUMMED = sorted(SERIAL_PROTOCOLS.keys() - UNCHECKED)

CARRIES_VALUES = {"reading", "record", "packet", "frame", "stored", "count", "clock", "envelope"}

FLIPS = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, 0x55)

WHOLE_FREESTYLE = (
    "\r\nXCMT123-P4567\r\n3.2\r\nNov  22 2026 08:20:00\r\n002\r\n"
    "172  Nov  22 2026 08:15 G 0x00\r\nHI   June 21 2026 07:00 G 0x00\r\n"
)
EXTRA = {
    "freestyle_optium": [
        WHOLE_FREESTYLE.encode() + f"0x{sum(WHOLE_FREESTYLE.encode()):04X}  END\r\n".encode()
    ],
    "sd_codefree": [bytes.fromhex("532013" + "00001a0b16080f007810" + "00" * 7 + "70aa")],
}


def wires(protocol: str) -> list[bytes]:
    vectors = [
        bytes.fromhex("".join(vector["chunks"]))
        for vector in VECTORS
        if vector["protocol"] == protocol
        and vector["direction"] == "device->host"
        and vector["id"] not in WITHOUT_CHECKSUM
    ]
    return vectors + EXTRA.get(protocol, [])


def events(protocol: str, wire: bytes) -> list[Any]:
    found = decode_serial(protocol, [wire.hex()])["events"]
    assert isinstance(found, list)
    return found


def values(protocol: str, wire: bytes) -> list[Any]:
    return [event for event in events(protocol, wire) if event["event"] in CARRIES_VALUES]


def sound(protocol: str) -> list[bytes]:
    """Wires without an error of their own: a second one could mend a sum."""
    return [
        wire
        for wire in wires(protocol)
        if all(event["event"] != "error" for event in events(protocol, wire))
    ]


def test_a_protocol_is_checked_unless_it_is_known_to_be_without_a_check() -> None:
    assert SERIAL_PROTOCOLS.keys() > UNCHECKED


@pytest.mark.parametrize("protocol", CHECKSUMMED)
def test_corruption_gives_no_wrong_value(protocol: str) -> None:
    tried = 0
    for wire in sound(protocol):
        true = values(protocol, wire)
        for at in range(len(wire) if true else 0):
            for flip in FLIPS:
                bad = wire[:at] + bytes((wire[at] ^ flip,)) + wire[at + 1 :]
                assert all(event in true for event in values(protocol, bad)), bad.hex()
                tried += 1
    assert tried >= 80
