"""Reports of a month: what a clinic must hand in, and hand-counts today."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.reports import box_facts
from edge.reports.core import csv_text, dhis2, months
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import visits


def counts_of_a_month(desk: Desk, store: Store, settings: Settings, clock: Clock) -> None:
    """FL33: the numbers of a month and its register, as tables and for DHIS2."""
    month = months.before(box_facts.today(store, clock.now())[:7], 1)
    who = register.register(store, clock.now(), PatientForm("Sita", village="Thar"), None)
    for day in (3, 4):
        on = date.fromisoformat(f"{month}-{day:02}")
        visits.open_paper(store, clock.now(), who.id, on, "pregnancy", actor=None)
    numbers = _table(desk.client.get(f"/report/{month}/csv").data)
    assert {row["name"]: row["number"] for row in numbers}["visits.all"] == "2"
    register_rows = _table(desk.client.get(f"/report/{month}/register").data)
    assert [(row["name"], row["village"], row["day"][8:]) for row in register_rows] == [
        ("Sita", "Thar", "03"),
        ("Sita", "Thar", "04"),
    ]
    _map(settings.home)
    payload = desk.client.get(f"/report/{month}/dhis2").get_json()
    assert payload["period"] == month.replace("-", "")
    assert payload["dataValues"] == [{"dataElement": "VISITS", "value": "2"}]


def _table(found: bytes) -> list[dict[str, str]]:
    text = found.removeprefix(csv_text.BOM).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _map(home: Path) -> None:
    text = 'data_set = "d"\norg_unit = "u"\nleft_out = ["*"]\n[element]\n"visits.all" = "VISITS"\n'
    (home / dhis2.FILE).write_text(text, encoding="utf-8")


CASES = {"FL33": counts_of_a_month}
