"""The page of Bluetooth says what the catalogue says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devices.catalogue import quirks
from devices.catalogue.ble_models import BLE_MODELS

PAGE = Path(__file__).parents[3] / "docs" / "bluetooth.md"


def test_the_table_of_quirks_is_fresh() -> None:
    """Make it anew with `cog -r docs/bluetooth.md`."""
    command = [sys.executable, "-m", "cogapp", "--check", str(PAGE)]
    done = subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_nobody_published_is_marked() -> None:
    rows = quirks().splitlines()[2:]
    assert len(rows) == len(BLE_MODELS)
    for row, model in zip(rows, BLE_MODELS, strict=True):
        assert ("**assumed, unverified**" in row) == (model.quirks.grounds == "assumed")
