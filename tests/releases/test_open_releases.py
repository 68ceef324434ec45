"""Files of every release are opened, migrated, complete, and can be worked with."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import filled_release
import pytest
from archives import open_at
from filled_release import RELEASES
from postgres import shared
from readings import cuff

from edge.patients import register
from edge.readings import intake
from edge.readings.intake import AcceptedReading
from edge.store import journal
from edge.store.store import Store

KEPT = sorted(file.parent.name for file in RELEASES.glob("*/manifest.json"))


@pytest.fixture(params=KEPT)
def release(request: pytest.FixtureRequest) -> Path:
    return RELEASES / str(request.param)


def manifest(release: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    return told


def test_the_running_release_keeps_its_files() -> None:
    assert "0.2.0" in KEPT


def test_a_box_file_is_opened_whole_and_takes_a_reading(release: Path, tmp_path: Path) -> None:
    store = Store.open(filled_release.unpack(release / "box.db.xz", tmp_path / "box.db"))
    try:
        kinds = Counter(entry.kind for _, entry in journal.since(store, 0))
        assert dict(kinds) == manifest(release)["box"]
        assert store.box_id() == filled_release.BOX_ID
        (sita,) = register.search(store, "Sita")
        outcome = intake.accept(store, cuff(store.clock().now(), patient=sita.id))
        assert isinstance(outcome, AcceptedReading)
        assert outcome.patient_id == sita.id
    finally:
        store.close()


def test_an_archive_in_sqlite_is_opened_whole(release: Path, tmp_path: Path) -> None:
    file = filled_release.unpack(release / "archive.db.xz", tmp_path / "archive.db")
    archive = open_at(str(file))
    try:
        assert filled_release.count(archive) == manifest(release)["archive"]
    finally:
        archive.close()


def test_an_archive_in_postgresql_is_opened_whole(release: Path) -> None:
    server = shared()
    address = server.fresh()
    server.replace(address, release / "archive.pgdump")
    archive = open_at(address)
    try:
        assert filled_release.count(archive) == manifest(release)["archive"]
    finally:
        archive.close()
