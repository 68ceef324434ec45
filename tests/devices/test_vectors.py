"""Every test vector is data: bytes in, the named fields and events out, in any chunking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devices.capture.decode import FROM_DEVICE, decode_ble, decode_line, decode_serial
from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS

VECTORS = Path(__file__).parent.parent / "vectors"
BLE: list[dict[str, Any]] = json.loads((VECTORS / "ble.json").read_text("utf-8"))["vectors"]
SERIAL: list[dict[str, Any]] = json.loads((VECTORS / "serial.json").read_text("utf-8"))["vectors"]

WITHOUT_CHARACTERISTIC: set[str] = set()
WITHOUT_PROTOCOL: set[str] = set()


def by_id(vector: dict[str, Any]) -> str:
    return str(vector["id"])


def known_ble() -> list[dict[str, Any]]:
    return [vector for vector in BLE if vector["char"] in BLE_CHARACTERISTICS]


def known_serial() -> list[dict[str, Any]]:
    return [vector for vector in SERIAL if vector["protocol"] in SERIAL_PROTOCOLS]


def one_byte_at_a_time(chunks: list[str]) -> list[str]:
    data = "".join(chunks)
    return [data[at : at + 2] for at in range(0, len(data), 2)]


def test_no_vector_is_skipped_silently() -> None:
    assert {v["char"] for v in BLE} - BLE_CHARACTERISTICS.keys() == WITHOUT_CHARACTERISTIC
    assert {v["protocol"] for v in SERIAL} - SERIAL_PROTOCOLS.keys() == WITHOUT_PROTOCOL


@pytest.mark.parametrize("vector", known_ble(), ids=by_id)
def test_characteristic_value(vector: dict[str, Any]) -> None:
    answer = decode_ble(vector["char"], vector["hex"])
    if "error" in vector:
        assert answer == {"char": vector["char"], "error": vector["error"], "readings": []}
    else:
        assert (answer["char"], answer["fields"]) == (vector["char"], vector["expect"])
        assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("vector", known_serial(), ids=by_id)
@pytest.mark.parametrize("chunking", ["given", "bytes", "whole"])
def test_serial_bytes(vector: dict[str, Any], chunking: str) -> None:
    chunks = {
        "given": vector["chunks"],
        "bytes": one_byte_at_a_time(vector["chunks"]),
        "whole": ["".join(vector["chunks"])],
    }[chunking]
    answer = decode_serial(vector["protocol"], chunks, vector.get("direction", FROM_DEVICE))
    assert answer["protocol"] == vector["protocol"]
    assert answer["events"] == vector["expect"]
    assert answer["pending_bytes"] == vector["pending_bytes"]
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("vector", known_ble()[:1] + known_serial()[:1], ids=by_id)
def test_a_line_is_a_vector(vector: dict[str, Any]) -> None:
    asked = {key: vector[key] for key in ("char", "hex", "protocol", "chunks") if key in vector}
    answer = decode_line(asked)
    assert answer.get("fields", answer.get("events")) == vector["expect"]
