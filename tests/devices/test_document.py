"""The documents say what the code says, and every protocol is documented and has a vector."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devices.catalogue import MODELS, SERIAL_PROTOCOLS, index, table
from devices.catalogue.ble_families import BLE_FAMILIES, BleFamily
from devices.catalogue.evidence import Evidence
from devices.catalogue.protocol_row import ProtocolRow
from devices.catalogue.serial_protocols import SERIAL_ROWS
from devices.simulators.roster import simulated

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "devices"
VECTORS = ROOT / "tests" / "vectors"
SERIAL = json.loads((VECTORS / "serial.json").read_text("utf-8"))["vectors"]
BLE = json.loads((VECTORS / "ble.json").read_text("utf-8"))["vectors"]

PUBLIC = {"public-capture", "public-unit-test", "public-doc-sample", "public-code-constant"}
FAMILIES = {family.name for family in BLE_FAMILIES}
COMMON = ["Bytes", "Errors and special values", "Readings", "Not verified on hardware", "Sources"]


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def headings(name: str) -> set[str]:
    return set(re.findall(r"^## (.+)$", page(name), re.MULTILINE))


def test_generated_tables_are_fresh() -> None:
    """Make them anew with `cog -r README.md docs/devices/*.md`."""
    pages = [ROOT / "README.md", *sorted(PAGES.glob("*.md"))]
    command = [sys.executable, "-m", "cogapp", "--check", *(str(path) for path in pages)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_every_page_is_of_something_and_everything_has_a_page() -> None:
    names = {path.stem for path in PAGES.glob("*.md")} - {"README", "models"}
    assert names == SERIAL_PROTOCOLS.keys() | FAMILIES


@pytest.mark.parametrize("name", sorted(SERIAL_PROTOCOLS))
def test_a_serial_protocol_is_documented(name: str) -> None:
    assert headings(name) >= {"On the line", "Quality", *COMMON}
    assert f'page_head("{name}")' in page(name)
    assert ("**Experimental.**" in page(name)) == SERIAL_PROTOCOLS[name].experimental


@pytest.mark.parametrize("family", BLE_FAMILIES, ids=lambda family: family.name)
def test_a_family_of_characteristics_is_documented(family: BleFamily) -> None:
    assert headings(family.name) >= {"Who speaks first", *COMMON}
    for characteristic in family.characteristics:
        assert characteristic.uuid.removeprefix("mi_") in page(family.name)


def test_every_protocol_and_family_has_one_row_and_a_vector() -> None:
    assert {vector["protocol"] for vector in SERIAL} == SERIAL_PROTOCOLS.keys()
    chars = {vector["char"] for vector in BLE}
    for family in BLE_FAMILIES:
        assert chars & {one.uuid for one in family.characteristics}, family.name
    assert len(SERIAL_PROTOCOLS) == len(SERIAL_ROWS)
    assert len(FAMILIES) == len(BLE_FAMILIES)


@pytest.mark.parametrize("row", SERIAL_ROWS, ids=lambda row: row.name)
def test_a_claim_of_a_public_capture_has_public_bytes(row: ProtocolRow) -> None:
    public = {v["provenance"] for v in SERIAL if v["protocol"] == row.name} & PUBLIC
    assert public or row.evidence is not Evidence.CAPTURED
    if row.evidence is Evidence.SINGLE:
        assert row.protocol.experimental


def test_the_table_names_every_model_and_links_to_pages_that_exist() -> None:
    shown = table(simulated())
    for model in MODELS:
        assert f"| {model.name} | {model.manufacturer} |" in shown
    links = set(re.findall(r"\]\(([^)]+)\)", shown + index()))
    assert {Path(link).stem for link in links} == SERIAL_PROTOCOLS.keys() | FAMILIES
    assert all((PAGES / link).exists() for link in links)


def test_the_pages_name_no_folder_of_ours() -> None:
    for path in PAGES.glob("*.md"):
        assert not re.search(r"/(work|tmp|home)/", path.read_text(encoding="utf-8")), path.name
