"""The clinics' stock at the hospital: the box's clock orders it, whatever comes first."""

from __future__ import annotations

import desk_scene

from edge.model.entry import canonical_json
from hospital.archive import Archive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from hospital.views import stock_chart
from sync.keys.keys import BoxKeys

NOW_MS = desk_scene.NOW_MS
NEW = Box("box-new", desk_scene.THAR.clinic, BoxKeys.generate().public, "0e", NOW_MS)


def record(second: int, what: str, number: str, **more: object) -> bytes:
    body = {"item": "hiv-test", "what": what, "number": number, "unit": "test", "day": "2026-11-30"}
    entry = {"kind": "stock", "body": body | more, "at": [1, 5, NOW_MS + second * 1000, "ntp"]}
    return canonical_json(entry)


def keep(archive: Archive, box: Box, first: int, *records: bytes) -> None:
    with archive.transaction():
        apply.keep(archive, box, (9, "c", first), records, NOW_MS)


def test_a_count_that_comes_late_is_placed_where_it_was_made(archive: Archive) -> None:
    keep(archive, desk_scene.THAR, 2, record(2, "used", "4", low=9))
    keep(archive, desk_scene.THAR, 1, record(1, "counted", "10", low=9))
    [row] = stock_chart.of_clinics(archive)
    assert (row.name, row.number, row.is_low, row.is_out) == ("HIV rapid tests", 6, True, False)


def test_a_box_that_replaced_another_one_comes_after_it(archive: Archive) -> None:
    with archive.transaction():
        boxes.enter(archive, NEW)
    keep(archive, desk_scene.THAR, 1, record(7, "counted", "10"))
    keep(archive, NEW, 1, record(8, "used", "3"))
    [row] = stock_chart.of_clinics(archive)
    assert row.number == 7


def test_what_is_no_number_is_kept_as_a_record_and_entered_nowhere(archive: Archive) -> None:
    wrong = (record(1, "counted", "-5"), record(2, "counted", "x"), record(3, "eaten", "1"))
    keep(archive, desk_scene.THAR, 1, *wrong, record(4, "received", "1", expiry="never"))
    assert stock_chart.of_clinics(archive) == []


def test_a_test_read_by_eye_uses_one_of_its_kit(archive: Archive) -> None:
    body = {"kind": "test", "source": "typed", "values": [], "coded": [["75622-1", "reactive"]]}
    entry = {"kind": "reading", "body": body, "at": [1, 9, NOW_MS + 9000, "ntp"]}
    keep(archive, desk_scene.THAR, 1, record(1, "counted", "10"), canonical_json(entry))
    [row] = stock_chart.of_clinics(archive)
    assert row.number == 9
