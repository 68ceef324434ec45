"""A clinic's report of a month, or that of one of its boxes, from the kept records."""

from __future__ import annotations

from edge.reports.core import indicators
from edge.reports.core.indicators import Report
from edge.reports.core.settled import Settled, settle
from edge.reports.loading import many_objects
from hospital.archive import Archive
from hospital.archive.errors import NotFound
from hospital.reports import clinic_facts


def settled(archive: Archive, clinic: str) -> Settled:
    """Return the facts of all boxes of a clinic together, settled; raises `NotFound`."""
    boxes = clinic_facts.boxes(archive, clinic)
    if not boxes:
        raise NotFound(f"no clinic {clinic}")
    return _settled(archive, boxes)


def of_clinic(archive: Archive, clinic: str, month: str) -> Report:
    """Return the report of all boxes of a clinic together; raises `NotFound`."""
    return indicators.of_settled(settled(archive, clinic), month)


def of_box(archive: Archive, box: str, month: str) -> Report:
    """Return the report of one box: the bytes that the box itself computes."""
    return indicators.of_settled(_settled(archive, [box]), month)


def _settled(archive: Archive, boxes: list[str]) -> Settled:
    with many_objects():
        found = clinic_facts.load(archive, boxes)
        return settle(found, clinic_facts.people(archive, found))
