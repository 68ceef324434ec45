"""`healthpost rules compare` lists what another version would say; signing is written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import site_rule
from click.testing import CliRunner
from readings import cuff, pressure

from edge.model.entry import EntryKind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.store import journal
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.cli import main


def test_a_new_version_is_compared_and_a_signature_is_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "box"
    monkeypatch.setenv("HEALTHPOST_HOME", str(home))
    init_box(home, "Chak 14")
    site_rule.write(home, "1", 150)
    store = Store.open(home / "box.db")
    now = store.clock().now()
    sita = register.register(store, now, PatientForm("Sita", birth="1960"), None).id
    intake.accept(store, cuff(now, pressure(148, 80), device=None, patient=sita))
    before = store.journal_position()
    store.close()
    site_rule.write(home, "2", 146)
    told = CliRunner().invoke(main, ["rules", "compare", "--from", "2026-01-01", "--json"])
    [difference] = json.loads(told.stdout)["differences"]
    assert (difference["was"]["level"], difference["becomes"]["level"]) == ("routine", "urgent")
    lines = CliRunner().invoke(main, ["rules", "compare", "--from", "2026-01-01"]).stdout
    assert "1 would be another; nothing stored was changed" in lines
    words = ["rules", "sign", "news2", "--name", "Khan", "--role", "physician"]
    assert CliRunner().invoke(main, words).exit_code == 0
    store = Store.open(home / "box.db")
    new = [entry for _, entry in journal.since(store, before)]
    assert [(e.kind, e.body["what"]) for e in new] == [(EntryKind.RULE, "signed")]
    assert str(new[0].body["by"]).startswith("Khan, physician")
    store.close()
