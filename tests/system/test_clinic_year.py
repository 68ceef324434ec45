"""A year of a clinic: both ends and SQL over the archive count the same, as in a golden file.

`HEALTHPOST_YEAR=2000x1` lives a larger year (`scripts/trials year`), one of people and a seed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import sql_twin
from clinic_year import CLINIC, YEAR, ClinicYear

from edge.reports import box_facts
from edge.reports.core import indicators
from hospital.archive.sqlite import SqliteArchive
from hospital.reports import month as counted

GOLDEN = Path(__file__).parents[1] / "vectors" / "clinic_year.json"
MONTHS = [f"{YEAR}-{month:02}" for month in range(1, 13)]


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_year_is_counted_alike_at_box_hospital_and_in_sql(tmp_path: Path) -> None:
    size = os.environ.get("HEALTHPOST_YEAR", "60x1")
    people, _, seed = size.partition("x")
    archive = SqliteArchive.open(tmp_path / "archive.db")
    lived = ClinicYear(tmp_path, archive, int(seed), int(people))
    lived.live()
    records = sum(box.store.journal_position() for box in lived.boxes)
    for box in lived.boxes:
        for month in MONTHS[2::3]:
            own = indicators.canonical(box_facts.report(box.store, month))
            far = indicators.canonical(counted.of_box(archive, box.store.box_id(), month))
            assert own == far, month
    settled = counted.settled(archive, CLINIC)
    found = {month: indicators.flat(indicators.of_settled(settled, month)) for month in MONTHS}
    twin = sql_twin.numbers(tmp_path / "archive.db", MONTHS)
    for month in MONTHS:
        assert {name: found[month][name] for name in twin[month]} == twin[month], month
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if size in golden:
        assert twin == golden[size]
    lived.close()
    archive.close()
    last = twin[MONTHS[-1]]
    figures = {"people": last["visits.people"], "records": records}
    figures |= {"registered": last["hearts360.registered"], "dead": last["hearts360.dead"]}
    print(f"\n{json.dumps(figures)}")
