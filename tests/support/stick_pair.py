"""A box and a hospital that enrolled it, without a line between them: all goes by a stick."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from edge.settings.box_settings import Settings
from edge.store import journal, outbox
from edge.store.store import Store
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import hospital
from hospital.fleet import claims
from hospital.fleet.authority import Authority
from provisioning import enrol, status
from provisioning.box_setup import init_box
from sync.keys.keys import HospitalKeys


@dataclass(frozen=True, slots=True)
class Pair:
    """A box that is enrolled at a hospital, and a stick; there is no line."""

    box: Settings
    stick: Path

    def record(self, count: int) -> None:
        store = Store.open(self.box.database)
        with store.transaction():
            for number in range(count):
                journal.append(store, "view", store.clock().now(), {"n": number})
        store.close()

    def waiting(self) -> int:
        store = Store.open(self.box.database)
        found = outbox.ledger(store).waiting
        store.close()
        return found

    def told_of_stick(self) -> dict[str, object] | None:
        store = Store.open(self.box.database)
        told = status.status(self.box, store)["stick"]
        store.close()
        assert told is None or isinstance(told, dict)
        return told


def say(verbs: click.Command, *words: str, expect: int = 0) -> dict[str, object]:
    """Call a verb; return what it says as JSON."""
    result = CliRunner().invoke(verbs, [*words, "--json"])
    assert result.exit_code == expect, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def make_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "box"))
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    say(hospital, "init", "--name", "Civil")
    home = HospitalSettings.load()
    archive, now = open_archive(home), datetime.now(UTC)
    init_box(tmp_path / "box", "Chak 12")
    claim = claims.create(archive, "Chak 12", "http://127.0.0.1:1", now)
    told, request = enrol.prepare(tmp_path / "box", claim.text())
    offer = claims.Offer(HospitalKeys.load(home.keys).public, "127.0.0.1", 1)
    authority = Authority.open(home.authority)
    answer, granted = claims.enrol(archive, authority, offer, request.encode(), now)
    assert granted
    enrol.accept(tmp_path / "box", told, request, answer)
    archive.close()
    (tmp_path / "stick").mkdir()
    return Pair(Settings.load(tmp_path / "box"), tmp_path / "stick")
