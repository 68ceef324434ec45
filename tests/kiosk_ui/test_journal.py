"""What a morning at the kiosk leaves in the journal has the form that the table declares."""

from __future__ import annotations

from pathlib import Path

from kiosk_scene import Scene

from edge.model.entry_check import problem
from edge.store import journal


def test_a_morning_at_the_kiosk_fits_the_table_of_entry_kinds(tmp_path: Path) -> None:
    scene = Scene.build(tmp_path)
    try:
        entries = [entry for _, entry in journal.since(scene.store, 0)]
    finally:
        scene.close()
    assert len(entries) > 20
    assert [problem(e.kind, e.body) for e in entries if problem(e.kind, e.body)] == []
